/* SPDX-License-Identifier: Apache-2.0 */
/* clients ADDRESS PID SOUND SHAPE N: clients of the tragusd with this process number, on the bus of this address. SOUND: a WAV
 * file.
 *
 *   sessions N    N sessions open, read a spoken sentence from a descriptor, and close, one after another
 *   many N        N sessions at once, each of them with a sound of its own; the limit is for one user, so every 16th has another
 *   lists N       N calls of SetList, sixteen at a time
 *   deaf N        N clients that subscribe to all signals, call, and never read
 *   clients N     N connections that each call once, and leave
 *
 * Prints a line: shape, N, seconds, KiB of anonymous memory of tragusd, calls that were refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define SESSION "org.tragus.Session1"
#define AT_ONCE 16

static const char *address, *sound;
static unsigned n_refused;

static void must(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "clients: %s: %s\n", what, strerror(-r));
    exit(1);
}

static sd_bus *connect_bus(void) {
    sd_bus *bus;
    must(sd_bus_new(&bus), "new");
    must(sd_bus_set_address(bus, address), "address");
    must(sd_bus_set_bus_client(bus, 1), "client");
    must(sd_bus_negotiate_fds(bus, 1), "descriptors");
    must(sd_bus_start(bus), "start");
    return bus;
}

static long memory_kib(int pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "RssAnon: %ld kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    must(kib < 0 ? -ESRCH : 0, "tragusd is gone");
    return kib;
}

/* Makes a session that reads the sound. Returns its path, which the caller frees, or NULL if it was refused. */
static char *open_session(sd_bus *bus) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *path = NULL;
    char *copy = NULL;

    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", &error, &reply, "a{sv}", 1, "Input", "s", "fd");
    if (r >= 0)
        must(sd_bus_message_read(reply, "o", &path), "path of the session");
    copy = path ? strdup(path) : NULL;
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    int fd = copy ? open(sound, O_RDONLY | O_CLOEXEC) : -1;
    if (copy) {
        must(fd < 0 ? -errno : 0, sound);
        must(sd_bus_call_method(bus, NAME, copy, SESSION, "SetInput", &error, NULL, "ha{sv}", fd, 0), "SetInput");
        must(sd_bus_call_method(bus, NAME, copy, SESSION, "Start", &error, NULL, "a{sv}", 0), "Start");
        close(fd);
    }
    return copy;
}

static void close_session(sd_bus *bus, char *path) {
    if (path)
        must(sd_bus_call_method(bus, NAME, path, SESSION, "Close", NULL, NULL, ""), "Close");
    free(path);
}

static int on_finished(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)m, (void)error;
    ++*(unsigned *)user;
    return 0;
}

/* Runs the connection until there are n signals, at most 30 s. */
static void wait_for(sd_bus *bus, const unsigned *count, unsigned n) {
    time_t end = time(NULL) + 30;
    while (*count < n && time(NULL) < end)
        if (sd_bus_process(bus, NULL) == 0)
            (void)sd_bus_wait(bus, 100000);
    if (*count < n) {
        fprintf(stderr, "clients: %u of %u sessions have finished\n", *count, n);
        exit(1);
    }
}

static void run_sessions(unsigned n) {
    sd_bus *bus = connect_bus();
    unsigned finished = 0;
    must(sd_bus_match_signal(bus, NULL, NAME, NULL, SESSION, "Finished", on_finished, &finished), "match");
    for (unsigned i = 0; i < n; i++) {
        char *path = open_session(bus);
        n_refused += !path;
        if (path)
            wait_for(bus, &finished, finished + 1);
        close_session(bus, path);
    }
    sd_bus_flush_close_unref(bus);
}

/* One of the users that this machine knows, as the bus wants to know them, too. */
static void become_another(unsigned number) {
    const struct passwd *user = NULL;
    setpwent();
    for (unsigned i = 0; i <= number + 1; i++) { /* the first one is root */
        user = getpwent();
        if (!user) {
            fprintf(stderr, "clients: there are only %u users for %u sessions of each\n", i, AT_ONCE);
            exit(1);
        }
    }
    must(setuid(user->pw_uid) < 0 ? -errno : 0, "another user");
}

/* Sixteen sessions of one user, who is another one than ours if we may change that. Returns how many were refused. */
static int some_sessions(unsigned n, unsigned user) {
    char *paths[AT_ONCE];
    unsigned finished = 0, n_open = 0, refused = 0;

    if (geteuid() == 0)
        become_another(user);
    sd_bus *bus = connect_bus();
    must(sd_bus_match_signal(bus, NULL, NAME, NULL, SESSION, "Finished", on_finished, &finished), "match");
    for (unsigned i = 0; i < n; i++) {
        paths[i] = open_session(bus);
        n_open += paths[i] != NULL;
        refused += !paths[i];
    }
    wait_for(bus, &finished, n_open);
    for (unsigned i = 0; i < n; i++)
        close_session(bus, paths[i]);
    sd_bus_flush_close_unref(bus);
    return (int)refused;
}

static void run_many(unsigned n) {
    unsigned n_users = (n + AT_ONCE - 1) / AT_ONCE;
    int status;
    for (unsigned user = 0; user < n_users; user++) {
        pid_t child = fork();
        must(child < 0 ? -errno : 0, "fork");
        if (child == 0)
            _exit(some_sessions(n - user * AT_ONCE < AT_ONCE ? n - user * AT_ONCE : AT_ONCE, user));
    }
    for (unsigned user = 0; user < n_users; user++) {
        must(wait(&status) < 0 ? -errno : 0, "wait");
        must(WIFEXITED(status) ? 0 : -ECHILD, "a client was killed");
        n_refused += (unsigned)WEXITSTATUS(status);
    }
}

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    ++*(unsigned *)user;
    n_refused += sd_bus_message_is_method_error(m, NULL) > 0;
    return 0;
}

static void run_lists(unsigned n) {
    sd_bus *bus = connect_bus();
    unsigned answers = 0;
    for (unsigned i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "lamp %u", i % 50);
        must(sd_bus_call_method_async(bus, NULL, NAME, PATH, MANAGER, "SetList", on_answer, &answers, "ssa(ssa{sv})", "channels",
                                      "lamp", 2, name, name, 0, "fan", "", 0),
             "SetList");
        if (i % AT_ONCE == AT_ONCE - 1 || i == n - 1)
            wait_for(bus, &answers, i + 1);
    }
    sd_bus_flush_close_unref(bus);
}

/* The bus, not tragusd, keeps what they do not read; tragusd must not wait for them. */
static void run_deaf(unsigned n) {
    sd_bus **all = calloc(n, sizeof(*all));
    must(all ? 0 : -ENOMEM, "clients");
    for (unsigned i = 0; i < n; i++) {
        all[i] = connect_bus();
        must(sd_bus_add_match(all[i], NULL, "type='signal',sender='" NAME "'", on_answer, NULL), "match");
        for (int k = 0; k < 4; k++)
            must(sd_bus_call_method_async(all[i], NULL, NAME, PATH, MANAGER, "ListGrammars", on_answer, &n_refused, ""), "call");
        must(sd_bus_flush(all[i]), "flush");
    }
    unsigned refused = n_refused;
    run_sessions(4); /* others are heard meanwhile */
    n_refused = refused;
    for (unsigned i = 0; i < n; i++)
        sd_bus_close_unref(all[i]);
    free(all);
}

static void run_clients(unsigned n) {
    sd_bus **all = calloc(n, sizeof(*all));
    must(all ? 0 : -ENOMEM, "clients");
    for (unsigned i = 0; i < n; i++) {
        all[i] = connect_bus();
        must(sd_bus_call_method(all[i], NAME, PATH, MANAGER, "ParseText", NULL, NULL, "ssa{sv}", "channels", "front left", 0),
             "ParseText");
    }
    for (unsigned i = 0; i < n; i++)
        sd_bus_flush_close_unref(all[i]);
    free(all);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(unsigned n);
    } shapes[] = {
        {"sessions", run_sessions}, {"many", run_many}, {"lists", run_lists}, {"deaf", run_deaf}, {"clients", run_clients}};
    struct rlimit files;

    if (argc != 6) {
        fputs("usage: clients ADDRESS PID SOUND SHAPE N\n", stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    address = argv[1];
    sound = argv[3];
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(argv[4], shapes[i].name) != 0)
            continue;
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        shapes[i].run((unsigned)atoi(argv[5]));
        clock_gettime(CLOCK_MONOTONIC, &end);
        (void)usleep(300000); /* until the daemon has seen that they left */
        printf("%s\t%s\t%.1f\t%ld\t%u\n", argv[4], argv[5],
               (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9, memory_kib(atoi(argv[2])),
               n_refused);
        return 0;
    }
    fprintf(stderr, "clients: there is no shape %s\n", argv[4]);
    return 2;
}
