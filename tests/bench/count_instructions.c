/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/count_instructions.c: a plugin of QEMU's user-mode emulator that counts the instructions a program executes.
 *
 *     qemu-aarch64 -plugin libcount_instructions.so -d plugin PROGRAM      at its end: "instructions N" on standard error
 *
 * Debian packages the emulator without the header of its plugin interface (QEMU, docs/devel/tcg-plugins.rst), so the few functions
 * that are needed are declared here. Counting is inline in the translated code: exact, and it costs next to nothing.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLUGIN_VERSION 1    /* of the interface in QEMU 7.2 */
#define PLUGIN_INLINE_ADD 0 /* QEMU_PLUGIN_INLINE_ADD_U64 */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void translated_block(plugin_id id, struct qemu_plugin_tb *block);
typedef void at_exit(plugin_id id, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translated_block *f);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t n);
void qemu_plugin_register_atexit_cb(plugin_id id, at_exit *f, void *data);
void qemu_plugin_outs(const char *text);

extern int qemu_plugin_version;
int qemu_plugin_version = PLUGIN_VERSION;
int qemu_plugin_install(plugin_id id, const void *info, int n_arguments, char **arguments);

static uint64_t n_instructions; /* of all threads; what is counted here has one */

static void count_block(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_INLINE_ADD, &n_instructions, qemu_plugin_tb_n_insns(block));
}

static void tell(plugin_id id, void *data) {
    char text[64];

    (void)id, (void)data;
    snprintf(text, sizeof(text), "instructions %" PRIu64 "\n", n_instructions);
    qemu_plugin_outs(text);
}

int qemu_plugin_install(plugin_id id, const void *info, int n_arguments, char **arguments) {
    (void)info, (void)n_arguments, (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_atexit_cb(id, tell, NULL);
    return 0;
}
