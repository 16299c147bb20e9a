/* SPDX-License-Identifier: Apache-2.0 */
/* audio/devices.c: the capture devices that alsa-lib names in its hints. It names no card whose control device this user may not
 * open, so those are looked for in the folder of device files, because to such a user a list without them would be no help.
 */
#include "audio/devices.h"

#include <alsa/asoundlib.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct list {
    struct audio_device *items;
    size_t n;
};

/* Adds a device; takes description, which may be NULL if memory is short. Returns NULL if memory is short. */
static struct audio_device *add(struct list *l, const char *device, char *description) {
    struct audio_device *more = reallocarray(l->items, l->n + 1, sizeof(*more));
    if (more)
        l->items = more;
    char *copy = more && description ? strdup(device) : NULL;
    if (!copy) {
        free(description);
        return NULL;
    }
    more[l->n] = (struct audio_device){.device = copy, .description = description};
    return &more[l->n++];
}

static void drop_last(struct list *l) {
    l->n--;
    free(l->items[l->n].device);
    free(l->items[l->n].description);
}

/* A description has several lines: the card and its device, then how the sound gets here. */
static char *one_line(const char *text) {
    size_t n = 0;
    char *out = malloc(2 * strlen(text) + 1);

    for (; out && *text; text++) {
        if (*text == '\n')
            out[n++] = ';';
        out[n++] = *text == '\n' ? ' ' : *text;
    }
    if (out)
        out[n] = '\0';
    return out;
}

/* Names without a card are mostly converters (samplerate, upmix): worth a line only if they lead to a microphone. */
static bool is_worth_a_line(const struct audio_device *d) {
    return d->code == 0 || d->code == -EBUSY || d->code == -EACCES || strchr(d->device, ':') || strcmp(d->device, "default") == 0;
}

static int add_named(struct list *l, const void *hint) {
    char *device = snd_device_name_get_hint(hint, "NAME");
    char *description = snd_device_name_get_hint(hint, "DESC");
    char *direction = snd_device_name_get_hint(hint, "IOID"); /* NULL: both */
    int r = 0;

    if (device && strcmp(device, "null") != 0 && (!direction || strcmp(direction, "Input") == 0)) {
        struct audio_device *d = add(l, device, one_line(description ? description : device));
        if (d)
            d->code = audio_capture_look(device, &(struct audio_mix){0}, &d->offer, &d->error);
        else
            r = -ENOMEM;
        if (d && !is_worth_a_line(d))
            drop_last(l);
    }
    free(device);
    free(description);
    free(direction);
    return r;
}

/* What the kernel calls a device; everybody may read this. */
static char *kernel_name(unsigned card, unsigned device) {
    char path[64], line[128], *name = NULL;

    snprintf(path, sizeof(path), "/proc/asound/card%u/pcm%uc/info", card, device);
    FILE *f = fopen(path, "re");
    while (f && !name && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "name: ", 6) == 0 && line[6])
            name = strdup(line + 6);
    }
    if (f)
        fclose(f);
    return name ? name : strdup("a capture device");
}

static int add_forbidden(struct list *l, int folder, const char *file) {
    unsigned card, device;
    char end = '\0', extra, name[32];

    if (sscanf(file, "pcmC%uD%u%c%c", &card, &device, &end, &extra) != 3 || end != 'c')
        return 0;
    if (faccessat(folder, file, R_OK | W_OK, AT_EACCESS) == 0 || errno != EACCES)
        return 0;
    if (snd_card_load((int)card) > 0) /* then ALSA names it */
        return 0;
    snprintf(name, sizeof(name), "hw:%u,%u", card, device);
    struct audio_device *d = add(l, name, kernel_name(card, device));
    if (!d)
        return -ENOMEM;
    d->code = audio_capture_forbidden(name, &d->error);
    return 0;
}

static int add_all_forbidden(struct list *l, const char *sound_folder) {
    struct dirent *entry;
    int r = 0;

    DIR *d = opendir(sound_folder);
    if (!d)
        return 0; /* no sound card at all */
    while (r == 0 && (entry = readdir(d)))
        r = add_forbidden(l, dirfd(d), entry->d_name);
    closedir(d);
    return r;
}

int audio_devices_list(struct audio_device **ret, size_t *ret_n, const char *sound_folder, tragus_error *reterr) {
    struct list l = {0};
    void **hints = NULL;

    int r = snd_device_name_hint(-1, "pcm", &hints);
    if (r < 0)
        return base_error_set(reterr, r, "ALSA cannot list its devices: %s; look for a mistake in ~/.asoundrc and /etc/asound.conf",
                              snd_strerror(r));
    for (size_t i = 0; r == 0 && hints[i]; i++)
        r = add_named(&l, hints[i]);
    (void)snd_device_name_free_hint(hints);
    if (r == 0)
        r = add_all_forbidden(&l, sound_folder);
    if (r < 0) {
        audio_devices_free(l.items, l.n);
        return base_error_set(reterr, r, "out of memory");
    }
    *ret = l.items;
    *ret_n = l.n;
    return 0;
}

void audio_devices_free(struct audio_device *list, size_t n) {
    struct list l = {.items = list, .n = n};
    while (l.n > 0)
        drop_last(&l);
    free(list);
}
