/* SPDX-License-Identifier: Apache-2.0 */
/* A power cut, a crash and a full disk while the lists of a grammar are written.
 *
 * The calls of service/state.c that change files are recorded, and replayed up to each of them. A disk has for sure only what fsync
 * was called for; of the rest, it may have any part: any of the changes of names, and of a file's content nothing, a part, all, or
 * zeros. The service is started with each such disk, and must have the old lists or the new ones.
 */
#include "rig.h"
#include "service/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_NAME "home.lists.json"
#define N_NAMES 300 /* of a list: a file of several pages */
#define MOST_OPS 32
#define MOST_BYTES 65536
#define N_VARIANTS 5

/* --- recorded calls ---------------------------------------------------------------------------------------------------------- */

struct op {
    enum { WRITE, SYNC, SYNC_NAMES, RENAME, UNLINK } type;
    ino_t file; /* WRITE, SYNC */
    size_t at, len;
    char name[64], to[64]; /* WRITE: where the file was created */
};

static struct op ops[MOST_OPS];
static unsigned n_ops;
static char written[MOST_BYTES];
static size_t n_written;
static unsigned n_calls, bad_call; /* bad_call: this one fails with bad_code, or ends the process if that is 0 */
static int bad_code;
static enum { NOT_ACTIVE, RECORDS, FAILS } mode;

static struct op *add(int type) {
    assert_true(n_ops < MOST_OPS);
    ops[n_ops] = (struct op){.type = type};
    return &ops[n_ops++];
}

/* Whether this call fails; sets errno. */
static bool is_bad(void) {
    if (mode != FAILS || ++n_calls != bad_call)
        return false;
    if (bad_code == 0)
        _exit(0);
    errno = bad_code;
    return true;
}

static void name_of(int fd, char *name, size_t size) {
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    assert_true(n > 0);
    path[n] = '\0';
    snprintf(name, size, "%s", strrchr(path, '/') + 1);
}

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    struct stat st;
    if (mode == NOT_ACTIVE || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return __real_write(fd, bytes, n);
    if (mode == FAILS && n_calls + 1 == bad_call) /* a part of it is written */
        (void)!__real_write(fd, bytes, n / 2);
    if (is_bad())
        return -1;
    ssize_t done = __real_write(fd, bytes, n);
    if (mode == RECORDS && done > 0) {
        struct op *o = add(WRITE);
        *o = (struct op){.type = WRITE, .file = st.st_ino, .at = n_written, .len = (size_t)done};
        name_of(fd, o->name, sizeof(o->name));
        assert_true(n_written + o->len <= sizeof(written));
        memcpy(written + n_written, bytes, o->len);
        n_written += o->len;
    }
    return done;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
    struct stat st;
    if (is_bad())
        return -1;
    int r = __real_fsync(fd);
    if (mode == RECORDS && r == 0 && fstat(fd, &st) == 0)
        add(S_ISDIR(st.st_mode) ? SYNC_NAMES : SYNC)->file = st.st_ino;
    return r;
}

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to) {
    if (is_bad())
        return -1;
    int r = __real_renameat(from_dir, from, to_dir, to);
    if (mode == RECORDS && r == 0) {
        struct op *o = add(RENAME);
        snprintf(o->name, sizeof(o->name), "%s", from);
        snprintf(o->to, sizeof(o->to), "%s", to);
    }
    return r;
}

int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags) {
    if (is_bad())
        return -1;
    int r = __real_unlinkat(dir, name, flags);
    if (mode == RECORDS && r == 0)
        snprintf(add(UNLINK)->name, sizeof(ops[0].name), "%s", name);
    return r;
}

/* --- disks ------------------------------------------------------------------------------------------------------------------- */

struct content {
    char bytes[MOST_BYTES];
    size_t len, synced;
};
struct name { /* on the disk; content NULL: is not there */
    char name[64];
    struct content *content;
};
#define N_FILES 2
#define MOST_CONTENTS 4
struct disk {
    struct name names[N_FILES];
};

static struct content contents[MOST_CONTENTS];
static unsigned n_contents;
static struct disk sure;                       /* what is on the disk for sure */
static struct op pending[MOST_OPS];            /* changes of names that may be */
static struct content *pending_file[MOST_OPS]; /* that is created, which is a WRITE here, or renamed */
static unsigned n_pending;

static struct name *find(struct disk *d, const char *name) {
    for (unsigned i = 0; i < N_FILES; i++)
        if (strcmp(d->names[i].name, name) == 0)
            return &d->names[i];
    fail_msg("an unexpected file: %s", name);
    return NULL;
}

/* Names a file on the disk, which is the file itself, whatever had this name before. */
static void change(struct disk *d, unsigned i) {
    struct name *from = find(d, pending[i].name);
    from->content = pending[i].type == WRITE ? pending_file[i] : NULL;
    if (pending[i].type == RENAME)
        find(d, pending[i].to)->content = pending_file[i];
}

/* The file that is being written: there is only one at a time. */
static struct content *writing;

static void replay(const struct op *o) {
    bool changes_names = o->type == RENAME || o->type == UNLINK || (o->type == WRITE && !writing);
    if (o->type == WRITE) {
        if (!writing) {
            assert_true(n_contents < MOST_CONTENTS);
            writing = &contents[n_contents++];
            writing->len = writing->synced = 0;
        }
        memcpy(writing->bytes + writing->len, written + o->at, o->len);
        writing->len += o->len;
    }
    if (o->type == SYNC)
        writing->synced = writing->len;
    if (changes_names) {
        pending_file[n_pending] = writing;
        pending[n_pending++] = *o;
    }
    if (o->type == SYNC_NAMES) {
        for (unsigned i = 0; i < n_pending; i++)
            change(&sure, i);
        n_pending = 0;
    }
}

static void put(const char *folder, const char *name, const struct content *c, unsigned variant) {
    static const char zeros[MOST_BYTES];
    char path[600];
    size_t rest = c->len - c->synced;
    size_t lens[N_VARIANTS] = {c->synced, c->synced + rest / 2, c->synced + (rest ? rest - 1 : 0), c->len, c->synced};

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(c->bytes, 1, lens[variant], f), lens[variant]);
    if (variant == N_VARIANTS - 1)
        assert_int_equal(fwrite(zeros, 1, rest, f), rest);
    assert_int_equal(fclose(f), 0);
}

/* --- the service ------------------------------------------------------------------------------------------------------------- */

static const char sentences[] = "language: en\nintents: {A: {data: [{sentences: [\"light the {lamp}\"]}]}}\n"
                                "lists: {lamp: {values: [desk]}}\n";
static sd_event *event;
static char folder[256], disk_folder[256];
static char *sentences_path;
static unsigned n_disks;

/* Returns a list whose last name is this one; NULL: no lists. */
static struct engine_list *list_with(const char *last) {
    static struct grammar_list_value values[N_NAMES];
    static char texts[N_NAMES][32];
    if (!last)
        return NULL;
    for (unsigned i = 0; i < N_NAMES; i++) {
        if (i + 1 < N_NAMES)
            snprintf(texts[i], sizeof(texts[i]), "lamp %u of %.10s", i, last);
        else
            snprintf(texts[i], sizeof(texts[i]), "%.10s", last);
        values[i].in = texts[i];
    }
    struct engine_list *l = engine_list_new("lamp", values, N_NAMES);
    assert_non_null(l);
    return l;
}

static int save(const char *last) {
    struct engine_list *lists = list_with(last);
    tragus_error e = {0};
    int r = state_write(folder, "home", lists, &e);
    if (r < 0)
        assert_non_null(strstr(e.text, FILE_NAME));
    engine_lists_free(lists);
    return r;
}

/* Starts the service with this folder. Returns whether it knows a lamp of this name; NULL: those of the sentences. */
static bool knows(const char *state_folder, const char *name) {
    struct service_options o;
    tragus_error e = {0};
    char text[64];

    rig_options(&o);
    o.state = state_folder;
    struct service *service = rig_service(event, &o);
    assert_int_equal(service_grammar_load(service, "home", (const char *[]){sentences_path}, 1, &e), 0);
    snprintf(text, sizeof(text), "light the %s", name ? name : "desk");
    bool known = rig_understands(service, "", "home", text);
    service_free(service);
    return known;
}

static void empty(const char *of) {
    char path[600];
    for (unsigned i = 0; i < N_FILES; i++) {
        snprintf(path, sizeof(path), "%s/%s", of, sure.names[i].name);
        (void)unlink(path);
    }
}

/* Every disk that a power cut may leave now. */
static void check_disks(const char *before, const char *after, bool finished) {
    for (unsigned chosen = 0; chosen < 1u << n_pending; chosen++) {
        struct disk d = sure;
        for (unsigned i = 0; i < n_pending; i++)
            if (chosen & 1u << i)
                change(&d, i);
        bool whole = !writing || writing->len == writing->synced;
        for (unsigned variant = 0; variant < (whole ? 1 : N_VARIANTS); variant++) {
            empty(disk_folder);
            for (unsigned i = 0; i < N_FILES; i++)
                if (d.names[i].content)
                    put(disk_folder, d.names[i].name, d.names[i].content, variant);
            n_disks++;
            if (!knows(disk_folder, after) && (finished || !knows(disk_folder, before)))
                fail_msg("%s instead of %s is torn or lost: changes of names %#x of %u, content %u", after ? after : "none",
                         before ? before : "none", chosen, n_pending, variant);
        }
    }
}

static void load(struct name *n) {
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", folder, n->name);
    FILE *f = fopen(path, "r");
    n->content = NULL;
    if (!f)
        return;
    n->content = &contents[n_contents++];
    n->content->len = n->content->synced = fread(n->content->bytes, 1, MOST_BYTES, f);
    fclose(f);
}

/* left: what an interrupted write has left beside the file; NULL: nothing. */
static void cut_power(const char *before, const char *after, const char *left) {
    char path[600];

    empty(folder);
    assert_int_equal(save(before), 0);
    snprintf(path, sizeof(path), "%s/" FILE_NAME ".new", folder);
    FILE *f = left ? fopen(path, "w") : NULL;
    if (f)
        assert_true(fputs(left, f) >= 0 && fclose(f) == 0);
    n_contents = n_pending = n_ops = 0;
    n_written = 0;
    writing = NULL;
    for (unsigned i = 0; i < N_FILES; i++)
        load(&sure.names[i]);
    mode = RECORDS;
    int r = save(after);
    mode = NOT_ACTIVE;
    assert_int_equal(r, 0);
    assert_true(n_ops >= 2);
    check_disks(before, after, false);
    for (unsigned i = 0; i < n_ops; i++) {
        replay(&ops[i]);
        check_disks(before, after, i + 1 == n_ops);
    }
}

static void a_power_cut_leaves_the_old_or_the_new(void **state) {
    (void)state;
    cut_power(NULL, "lantern", NULL);
    cut_power("lantern", "kettle", NULL);
    cut_power("lantern", "kettle", "{\"version\": 1, \"gra");
    cut_power("kettle", NULL, NULL);
    print_message("%u disks\n", n_disks);
    assert_true(n_disks >= 20);
}

/* --- crashes and full disks -------------------------------------------------------------------------------------------------- */

/* Replaces the lists; the n-th call fails with this code, or ends the process. */
static int save_with(const char *last, unsigned call, int code) {
    n_calls = 0;
    bad_call = call;
    bad_code = code;
    mode = FAILS;
    int r = save(last);
    mode = NOT_ACTIVE;
    return r;
}

static unsigned calls_of_a_save(void) {
    assert_int_equal(save_with("kettle", 0, 0), 0);
    assert_in_range(n_calls, 4, MOST_OPS);
    return n_calls;
}

static void a_crash_leaves_the_old_or_the_new(void **state) {
    unsigned n = calls_of_a_save();
    (void)state;
    for (unsigned call = 1; call <= n; call++) {
        assert_int_equal(save("lantern"), 0);
        pid_t pid = fork();
        if (pid == 0) {
            (void)save_with("kettle", call, 0);
            _exit(1); /* should have ended */
        }
        int status;
        assert_true(waitpid(pid, &status, 0) == pid && status == 0);
        assert_true(knows(folder, "lantern") != knows(folder, "kettle"));
        assert_int_equal(save("kettle"), 0); /* what was left does not matter */
        assert_true(knows(folder, "kettle"));
    }
    print_message("%u crashes\n", n);
}

static void each_call_that_fails_is_told(void **state) {
    static const int codes[] = {ENOSPC, EIO, EDQUOT, EROFS};
    char beside[600];
    unsigned n = calls_of_a_save();
    (void)state;
    snprintf(beside, sizeof(beside), "%s/" FILE_NAME ".new", folder);
    for (unsigned call = 1; call <= n; call++)
        for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            assert_int_equal(save("lantern"), 0);
            assert_int_equal(save_with("kettle", call, codes[i]), -codes[i]);
            assert_int_equal(access(beside, F_OK), -1);
            assert_true(knows(folder, call < n ? "lantern" : "kettle")); /* the last one syncs the names */
        }
    assert_int_equal(save("kettle"), 0);
    print_message("%zu failures\n", n * sizeof(codes) / sizeof(codes[0]));
}

/* A real file system without room; as root, because it must be mounted. */
static int fill_and_save(void) {
    char path[600], page[4096] = {0};
    size_t n = 0;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", folder, "tmpfs", 0, "size=64k") < 0)
        return 77;
    if (sd_event_new(&event) < 0) /* the parent's is the parent's */
        return 4;
    if (save("lantern") != 0)
        return 1;
    snprintf(path, sizeof(path), "%s/filler", folder);
    FILE *f = fopen(path, "w");
    while (f && fwrite(page, 1, sizeof(page), f) == sizeof(page) && fflush(f) == 0)
        n++;
    if (f)
        fclose(f);
    if (n == 0 || save("kettle") != -ENOSPC || !knows(folder, "lantern"))
        return 2;
    (void)unlink(path);
    return save("kettle") == 0 && knows(folder, "kettle") ? 0 : 3;
}

static void a_full_disk_leaves_the_old(void **state) {
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fill_and_save());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: a small file system cannot be mounted: run as root\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    snprintf(folder, sizeof(folder), "%.200s/state", rig_folder());
    snprintf(disk_folder, sizeof(disk_folder), "%.200s/disk", rig_folder());
    snprintf(sure.names[0].name, sizeof(sure.names[0].name), FILE_NAME);
    snprintf(sure.names[1].name, sizeof(sure.names[1].name), FILE_NAME ".new");
    sentences_path = rig_file("home.yaml", sentences, strlen(sentences));
    if (mkdir(folder, 0700) < 0 || mkdir(disk_folder, 0700) < 0)
        return -1;
    return sd_event_new(&event);
}

static int unmake(void **state) {
    (void)state;
    free(sentences_path);
    sd_event_unref(event);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_leaves_the_old_or_the_new),
        cmocka_unit_test(a_crash_leaves_the_old_or_the_new),
        cmocka_unit_test(each_call_that_fails_is_told),
        cmocka_unit_test(a_full_disk_leaves_the_old),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
