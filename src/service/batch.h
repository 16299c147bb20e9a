/* SPDX-License-Identifier: Apache-2.0 */
/* service/batch.h: a thread that recognises the sound of one descriptor: a file, a pipe, a socket.
 *
 * The same segmenter and recogniser as for the microphone. But where nothing is live, nothing is dropped: a full pipe is the flow
 * control, and any chunking gives the same results. Sound files are read to their end first; raw sound is recognised as it comes.
 */
#ifndef TRAGUS_SERVICE_BATCH_H
#define TRAGUS_SERVICE_BATCH_H

#include "audio/source.h"
#include "service/recogniser.h"

#include <stdbool.h>
#include <stdint.h>

struct batch;

struct batch_options {
    bool sound_file;            /* any format that libsndfile reads; else raw, as format says */
    struct audio_format format; /* of raw sound */
    bool live;                  /* time stamps by arrival; more than 2 s of lag is dropped */
    size_t max_bytes;           /* of a sound file */
    struct frontend_gate_options gate;
};

struct batch_counters {
    uint64_t hops; /* heard, speech and silence */
    uint64_t wakeups, cpu_us, lost_us;
    int32_t level_cdb;
};

/* Refuses with a sentence what is not a pipe, a stream socket, or a readable regular file. */
int batch_check_descriptor(int fd, tragus_error *reterr);

/* Starts; takes fd over, and lends the one session to the thread, until it retires at the end of the input. */
int batch_start(struct batch **ret, tragus_model *m, int fd, const struct batch_options *options, struct engine_session *session,
                const struct base_wake *main_wake, tragus_error *reterr);

struct recogniser *batch_recogniser(struct batch *b);
void batch_wake(struct batch *b);       /* after a recogniser_command */
void batch_cancel(struct batch *b);     /* as if the input ended here; returns at once */
bool batch_done(const struct batch *b); /* the thread has nothing more to do: free will not wait */
/* Valid when done: 0, or why the input could not be read. */
int batch_error(const struct batch *b, tragus_error *ret);
void batch_counters(const struct batch *b, struct batch_counters *ret);
void batch_free(struct batch *b); /* cancels, waits for the thread, zeroes */

#endif
