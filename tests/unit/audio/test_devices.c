/* SPDX-License-Identifier: Apache-2.0 */
/* The list of capture devices: those that this user may not open. Runs as nobody, because root may open everything. */
#include "audio/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534
#define CONFIG "asound.conf"

static char folder[] = "/tmp/tragus-devices.XXXXXX";
/* No machine of the tests has a 32nd card. */
static const char *const files[] = {"pcmC31D0c", "pcmC31D2c", "pcmC31D0p", "controlC31", "pcmC31D1cx", "timer"};
#define N_FILES (sizeof(files) / sizeof(files[0]))

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
        return -1;
    for (size_t i = 0; i < N_FILES; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0000);
        if (fd < 0 || close(fd) < 0)
            return -1;
    }
    /* Devices of this machine alone: a plugin that is installed on it, as PipeWire's, may leak. */
    char path[128];
    snprintf(path, sizeof(path), "%s/" CONFIG, folder);
    FILE *config = fopen(path, "we");
    if (!config || fputs("pcm.nothing { type null }\n", config) < 0 || fclose(config) != 0 ||
        setenv("ALSA_CONFIG_PATH", path, 1) < 0)
        return -1;
    return geteuid() == 0 ? seteuid(NOBODY) : 0;
}

static int remove_folder(void **state) {
    (void)state;
    if (getuid() == 0 && seteuid(0) < 0)
        return -1;
    for (size_t i = 0; i < N_FILES; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        unlink(path);
    }
    char config[128];
    snprintf(config, sizeof(config), "%s/" CONFIG, folder);
    unlink(config);
    return rmdir(folder);
}

static const struct audio_device *find(const struct audio_device *list, size_t n, const char *device) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].device, device) == 0)
            return &list[i];
    return NULL;
}

static size_t count_card_31(const struct audio_device *list, size_t n) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += strncmp(list[i].device, "hw:31,", 6) == 0;
    return found;
}

static void forbidden_devices_are_listed_with_what_to_do(void **state) {
    static const char *const devices[] = {"hw:31,0", "hw:31,2"};
    struct audio_device *list;
    size_t n;
    (void)state;

    assert_int_equal(audio_devices_list(&list, &n, folder, NULL), 0);
    assert_int_equal(count_card_31(list, n), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct audio_device *d = find(list, n, devices[i]);
        assert_non_null(d);
        assert_int_equal(d->code, -EACCES);
        assert_non_null(strstr(d->error.text, devices[i]));
        assert_non_null(strstr(d->error.text, "usermod -a -G audio"));
        assert_string_equal(d->description, "a capture device");
    }
    audio_devices_free(list, n);
}

static void devices_that_this_user_may_open_are_left_to_alsa(void **state) {
    struct audio_device *list;
    char path[128];
    size_t n;
    (void)state;

    snprintf(path, sizeof(path), "%s/%s", folder, files[0]);
    assert_int_equal(getuid() == 0 ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(getuid() == 0 ? seteuid(NOBODY) : 0, 0);
    assert_int_equal(audio_devices_list(&list, &n, folder, NULL), 0);
    assert_int_equal(count_card_31(list, n), 1);
    assert_null(find(list, n, "hw:31,0"));
    audio_devices_free(list, n);
}

static void no_folder_is_no_error(void **state) {
    struct audio_device *list;
    size_t n;
    (void)state;
    assert_int_equal(audio_devices_list(&list, &n, "/nonexistent", NULL), 0);
    assert_int_equal(count_card_31(list, n), 0);
    audio_devices_free(list, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_devices_are_listed_with_what_to_do),
        cmocka_unit_test(devices_that_this_user_may_open_are_left_to_alsa),
        cmocka_unit_test(no_folder_is_no_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
