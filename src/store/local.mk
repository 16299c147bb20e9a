# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_store.la
libtragus_store_la_SOURCES = src/store/store.c src/store/store.h src/store/write.c src/store/layout.h
