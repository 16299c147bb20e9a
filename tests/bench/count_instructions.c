/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/count_instructions.c: a plugin for QEMU's user-mode emulator that counts the instructions that a program executes.
 *
 *     qemu-aarch64 -plugin libcount_instructions.so -d plugin PROGRAM
 *
 * prints "instructions N" on standard error at the end. With libcount_instructions.so,blocks=on it first prints a line for each
 * executed block of code: "block TIMES INSTRUCTIONS OFFSET FILE" with its length, and the file and offset where it begins.
 * tests/bench/functions groups them by function.
 *
 * Debian packages the emulator without the header of its plugin interface (QEMU, docs/devel/tcg-plugins.rst), so the few functions
 * that are needed are declared here. The counters are inline in the translated code: exact and almost free.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_VERSION 1    /* of the interface in QEMU 7.2 */
#define PLUGIN_INLINE_ADD 0 /* QEMU_PLUGIN_INLINE_ADD_U64 */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void translated_block(plugin_id id, struct qemu_plugin_tb *block);
typedef void at_exit(plugin_id id, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translated_block *f);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t n);
void qemu_plugin_register_atexit_cb(plugin_id id, at_exit *f, void *data);
void qemu_plugin_outs(const char *text);

extern int qemu_plugin_version;
int qemu_plugin_version = PLUGIN_VERSION;
int qemu_plugin_install(plugin_id id, const void *info, int n_arguments, char **arguments);

/* One translation of a block. If the emulator translates it again, perhaps with other borders, that has a new counter. */
struct counter {
    struct counter *next;
    uint64_t n_times;
    uintptr_t address; /* in the memory of the emulator, which maps the program's files */
    size_t n_instructions;
};

static uint64_t n_instructions; /* of all threads; the measured programs have one */
static struct counter *counters;

static void count_block(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_INLINE_ADD, &n_instructions, qemu_plugin_tb_n_insns(block));
}

static void count_each_block(plugin_id id, struct qemu_plugin_tb *block) {
    struct counter *c = calloc(1, sizeof(*c));

    count_block(id, block);
    if (!c)
        abort();
    *c = (struct counter){.next = counters,
                          .address = (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0)),
                          .n_instructions = qemu_plugin_tb_n_insns(block)};
    counters = c;
    qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_INLINE_ADD, &c->n_times, 1);
}

/* Prints the blocks in one mapping of the emulator. */
static void tell_blocks(uintptr_t start, uintptr_t end, uint64_t offset, const char *path) {
    char text[4200];

    for (struct counter *c = counters; c; c = c->next)
        if (c->n_times > 0 && start <= c->address && c->address < end) {
            snprintf(text, sizeof(text), "block %" PRIu64 " %zu %" PRIx64 " %s\n", c->n_times, c->n_instructions,
                     offset + (c->address - start), path);
            qemu_plugin_outs(text);
        }
}

static void tell(plugin_id id, void *data) {
    char text[4200];
    FILE *maps = counters ? fopen("/proc/self/maps", "r") : NULL;

    (void)id, (void)data;
    while (maps && fgets(text, sizeof(text), maps)) {
        uintptr_t start, end;
        uint64_t offset;
        int path = 0;

        text[strcspn(text, "\n")] = '\0';
        if (sscanf(text, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %*s %*s %n", &start, &end, &offset, &path) == 3 && path > 0)
            tell_blocks(start, end, offset, text[path] ? text + path : "-");
    }
    if (maps)
        fclose(maps);
    snprintf(text, sizeof(text), "instructions %" PRIu64 "\n", n_instructions);
    qemu_plugin_outs(text);
}

int qemu_plugin_install(plugin_id id, const void *info, int n_arguments, char **arguments) {
    bool blocks = n_arguments == 1 && strcmp(arguments[0], "blocks=on") == 0;

    (void)info;
    if (n_arguments > 0 && !blocks) {
        fputs("count_instructions: the only argument is blocks=on\n", stderr);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, blocks ? count_each_block : count_block);
    qemu_plugin_register_atexit_cb(id, tell, NULL);
    return 0;
}
