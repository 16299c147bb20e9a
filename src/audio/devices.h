/* SPDX-License-Identifier: Apache-2.0 */
/* audio/devices.h: which capture devices there are, and whether each can be opened now. */
#ifndef TRAGUS_AUDIO_DEVICES_H
#define TRAGUS_AUDIO_DEVICES_H

#include "audio/source.h"

#define AUDIO_SOUND_FOLDER "/dev/snd"

struct audio_device {
    char *device;      /* the name that audio_capture_open takes */
    char *description; /* one line for people */
    int code;          /* 0: it can be opened; else the negative errno of audio_capture_look, and error */
    tragus_error error;
    struct audio_offer offer; /* if it can be opened */
};

/* Lists the capture devices that ALSA names, and those in sound_folder (AUDIO_SOUND_FOLDER) that this user may not open, which ALSA
 * does not name. Opens each for a moment. The caller frees the list with audio_devices_free. */
int audio_devices_list(struct audio_device **ret, size_t *ret_n, const char *sound_folder, tragus_error *reterr);
void audio_devices_free(struct audio_device *list, size_t n);

#endif
