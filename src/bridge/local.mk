# SPDX-License-Identifier: Apache-2.0
# Everything except main, so that unit tests can link it.
noinst_LTLIBRARIES += libtragus_bridge.la
libtragus_bridge_la_SOURCES = \
    src/bridge/announce.c \
    src/bridge/bridge.h \
    src/bridge/bus.c \
    src/bridge/connection.c \
    src/bridge/home.c src/bridge/home.h src/bridge/home_client.c src/bridge/home_lists.c \
    src/bridge/home_talk.c src/bridge/home_talk.h \
    src/bridge/home_url.c \
    src/bridge/info.c \
    src/bridge/link.c \
    src/bridge/listen.c \
    src/bridge/listener.c src/bridge/listener.h \
    src/bridge/log.c \
    src/bridge/private.h \
    src/bridge/request.c \
    src/bridge/run.c \
    src/bridge/secret.c \
    src/bridge/session.c src/bridge/session.h \
    src/bridge/settings.c \
    src/bridge/stream.c src/bridge/stream.h \
    src/bridge/stream_session.c \
    src/bridge/timer.c \
    src/bridge/transcript.c \
    src/bridge/wire.c src/bridge/wire.h
if MQTT
libtragus_bridge_la_SOURCES += \
    src/bridge/hermes.c src/bridge/hermes.h \
    src/bridge/hermes_asr.c \
    src/bridge/hermes_json.c \
    src/bridge/hermes_nlu.c \
    src/bridge/hermes_sound.c \
    src/bridge/mqtt.c src/bridge/mqtt.h \
    src/bridge/mqtt_client.c \
    src/bridge/mqtt_discovery.c \
    src/bridge/mqtt_microphone.c \
    src/bridge/mqtt_queue.c \
    src/bridge/mqtt_state.c
else
libtragus_bridge_la_SOURCES += src/bridge/mqtt_none.c
endif
libtragus_bridge_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS) $(MOSQUITTO_CFLAGS) $(WEBSOCKETS_CFLAGS)
libtragus_bridge_la_LIBADD = $(JSON_LIBS) $(SYSTEMD_LIBS) $(MOSQUITTO_LIBS) $(WEBSOCKETS_LIBS)

bin_PROGRAMS += tragus-bridge
tragus_bridge_SOURCES = src/bridge/main.c
tragus_bridge_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE -DBRIDGE_CONFIG='"$(sysconfdir)/tragus/bridge.conf"'
tragus_bridge_LDADD = $(bridge_libs)
