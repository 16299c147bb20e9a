/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for tests of service and bus: a folder for this run, an ALSA device without hardware, an event loop that runs until a
 * condition is true, a service with the real model, and a log of a session's events. */
#ifndef TESTS_UNIT_SERVICE_RIG_H
#define TESTS_UNIT_SERVICE_RIG_H

#include "service/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* --- files -------------------------------------------------------------------------------------------------------------------- */

const char *rig_folder(void); /* created by the first call, removed when the program exits */
/* Creates a file in the folder and returns its path, which the caller frees. */
char *rig_file(const char *name, const void *bytes, size_t n);
/* Opens /proc/kmsg, a regular file that only answers when the kernel has something to say. Skips the test if it may not. */
int rig_silent_file(void);
/* Makes a WAV file (16 kHz, 16 bits, mono) of raw samples; the caller frees it. */
unsigned char *rig_wav(const int16_t *pcm, size_t n, size_t *ret_len);

/* --- a microphone without hardware, see tests/integration/alsa_test_pcm.c --------------------------------------------------------
 */

/* Define devices before the first call into ALSA. sound: a raw file at 16 kHz, NULL for silence. */
void rig_device(const char *name, const char *sound);
/* "gone", "overrun", "play PATH"; NULL: restores the device's initial state. */
void rig_control(const char *name, const char *order);

/* --- the event loop --------------------------------------------------------------------------------------------------------------
 */

/* Runs the loop until is_so returns true, at most 20 s. Returns its last result. */
bool rig_until(sd_event *event, bool (*is_so)(const void *user), const void *user);
/* Runs the loop for this long. */
void rig_run(sd_event *event, unsigned ms);

/* --- a service -------------------------------------------------------------------------------------------------------------------
 */

/* Default options, except: the model of the build tree, the device "silence", and one second between attempts to open a
 * microphone. */
void rig_options(struct service_options *o);
/* Exits with 77 if there is no model. */
struct service *rig_service(sd_event *event, const struct service_options *o);

extern const struct service_caller rig_daemon; /* may do everything */
extern const struct service_caller rig_guest;  /* may only do what everybody may */

/* The two calls that answer later. Both return when the grammar is in use, or refused. */
int rig_add_grammar(struct service *s, sd_event *event, const struct service_caller *caller, const char *name, bool is_private,
                    const char *text, tragus_diagnostics *d, tragus_error *reterr);
int rig_set_list(struct service *s, sd_event *event, const struct service_caller *caller, const char *name, const char *list,
                 const tragus_list_value values[], size_t n, tragus_error *reterr);
/* Whether a text is a sentence of the grammar of that name which the owner sees. */
bool rig_understands(struct service *s, const char *owner, const char *grammar, const char *text);
/* Adds a list of sentences on behalf of the daemon; they must be valid. */
void rig_grammar(struct service *s, sd_event *event, const char *name, const char *list);

/* --- sessions and their events ---------------------------------------------------------------------------------------------------
 */

struct rig_log {
    unsigned n_started, n_ended, n_partial, n_utterances, n_rejected, n_lost, n_finished;
    unsigned finish; /* the last reason of FINISHED */
    unsigned loss;   /* the last reason of INPUT_LOST */
    uint64_t lost_us, sequence, time_us;
    uint32_t latency_ms;
    tragus_reason reason; /* of the last result */
    char heard[1024];     /* texts of utterances, one per line; rejected ones in brackets */
    char intent[64];      /* of the last utterance */
    char text[256];       /* of the last INPUT_LOST or FINISHED */
    bool free_at_result, start_at_finish;
    struct service_session **session; /* set to NULL when free_at_result has freed it */
};
/* Session options that send the events to log. */
struct service_session_options rig_session_options(const struct service *s, const char *grammar, struct rig_log *log);
void rig_log_event(struct service_session *session, const struct service_event *e, void *user);
struct service_session *rig_session(struct service *s, const struct service_session_options *o);

/* For rig_until; user: a struct rig_log. */
bool rig_finished(const void *user);
bool rig_has_result(const void *user);
bool rig_has_lost(const void *user);
bool rig_has_started(const void *user);

#endif
