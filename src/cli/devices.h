/* SPDX-License-Identifier: Apache-2.0 */
/* cli/devices.h: what `tragus devices` and `tragus doctor` say about a device. */
#ifndef TRAGUS_CLI_DEVICES_H
#define TRAGUS_CLI_DEVICES_H

#include "audio/source.h"

/* "44100, 48000 Hz; 1 to 2 channels; tragus takes 48000 Hz, 1 channel" */
void devices_describe(const struct audio_offer *o, char *text, size_t size);

#endif
