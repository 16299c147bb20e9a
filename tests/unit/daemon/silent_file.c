/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's FUSE protocol (linux/fuse.h), as far as one file of five bytes needs it. */
#include "silent_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTENT "stop\n"
#define FILE_NODE 2

static int device = -1;
static pthread_t thread;
static char root[256];
static _Atomic pid_t ignored;
static _Atomic unsigned n_ignored;

static void answer(uint64_t number, int error, const void *out, size_t n) {
    struct fuse_out_header header = {.len = (uint32_t)(sizeof(header) + n), .error = error, .unique = number};
    struct iovec parts[2] = {{&header, sizeof(header)}, {(void *)out, n}};
    (void)!writev(device, parts, 2);
}

static struct fuse_attr attributes(uint64_t node) {
    if (node == FILE_NODE)
        return (struct fuse_attr){.ino = node, .mode = S_IFREG | 0444, .nlink = 1, .size = sizeof(CONTENT) - 1};
    return (struct fuse_attr){.ino = node, .mode = S_IFDIR | 0555, .nlink = 2};
}

/* The kernel tells which thread asks. */
static int is_ignored(uint32_t asking) {
    char path[64], line[128];
    int process = 0;

    snprintf(path, sizeof(path), "/proc/%u/status", asking);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f) && sscanf(line, "Tgid: %d", &process) != 1)
        ;
    if (f)
        fclose(f);
    return process && process == atomic_load(&ignored);
}

static void serve(const struct fuse_in_header *in, const void *body) {
    const struct fuse_read_in *wanted = body;
    struct fuse_init_out init = {
        .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_readahead = 65536, .max_write = 65536};
    struct fuse_entry_out entry = {
        .nodeid = FILE_NODE, .generation = 1, .entry_valid = 60, .attr_valid = 60, .attr = attributes(FILE_NODE)};
    struct fuse_attr_out attr = {.attr_valid = 60, .attr = attributes(in->nodeid)};
    struct fuse_open_out opened = {.fh = 1};

    switch (in->opcode) {
    case FUSE_INIT:
        answer(in->unique, 0, &init, sizeof(init));
        break;
    case FUSE_LOOKUP:
        answer(in->unique, 0, &entry, sizeof(entry));
        break;
    case FUSE_GETATTR:
        answer(in->unique, 0, &attr, sizeof(attr));
        break;
    case FUSE_OPEN:
        answer(in->unique, 0, &opened, sizeof(opened));
        break;
    case FUSE_READ:
        answer(in->unique, 0, CONTENT, wanted->offset == 0 ? sizeof(CONTENT) - 1 : 0);
        break;
    case FUSE_FLUSH: /* each close */
        if (is_ignored(in->pid))
            atomic_fetch_add(&n_ignored, 1);
        else
            answer(in->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
        break; /* expect no answer */
    case FUSE_RELEASE:
        answer(in->unique, 0, NULL, 0);
        break;
    default:
        answer(in->unique, -ENOSYS, NULL, 0);
    }
}

static void *run(void *user) {
    static _Alignas(8) char buffer[1 << 18];
    (void)user;

    for (;;) {
        ssize_t n = read(device, buffer, sizeof(buffer));
        if (n >= (ssize_t)sizeof(struct fuse_in_header))
            serve((const struct fuse_in_header *)buffer, buffer + sizeof(struct fuse_in_header));
        else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
            return NULL; /* it was unmounted */
    }
}

const char *silent_file_begin(const char *folder) {
    char options[128];

    if (geteuid() != 0)
        return "needs root, to mount a file system";
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "no mount namespace can be made here";
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return "/dev/fuse cannot be opened";
    snprintf(root, sizeof(root), "%s/silent", folder);
    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (mkdir(root, 0755) < 0 || mount("silent", root, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        return "no FUSE file system can be mounted here";
    return pthread_create(&thread, NULL, run, NULL) == 0 ? NULL : "no thread can be started";
}

int silent_file_open(void) {
    char path[300];
    snprintf(path, sizeof(path), "%s/file", root);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void silent_file_ignore(pid_t process) {
    atomic_store(&ignored, process);
}

unsigned silent_file_n_ignored(void) {
    return atomic_load(&n_ignored);
}

void silent_file_end(void) {
    if (device < 0)
        return;
    (void)umount2(root, MNT_FORCE); /* what waits fails, so that the descriptors are gone */
    (void)umount2(root, MNT_DETACH);
    (void)rmdir(root);
}
