/* SPDX-License-Identifier: Apache-2.0 */
/* service/batch.h: a thread that recognises the sound of one descriptor: a file, a pipe or a socket.
 *
 * It uses the same segmenter and recogniser as the microphone. Unless the sound is live, nothing is dropped: a full pipe makes the
 * writer wait, and results do not depend on the chunk sizes. Sound files are kept in memory first; raw sound is recognised as it
 * arrives.
 */
#ifndef TRAGUS_SERVICE_BATCH_H
#define TRAGUS_SERVICE_BATCH_H

#include "audio/source.h"
#include "service/recogniser.h"
#include "service/sender.h"

#include <stdbool.h>
#include <stdint.h>

struct batch;

struct batch_options {
    bool sound_file;            /* any format that libsndfile reads; else raw sound in `format` */
    struct audio_format format; /* of raw sound */
    bool live;                  /* takes time stamps at arrival, and drops sound when more than 2 s behind */
    size_t max_bytes;           /* limit for the bytes that come, and for what a sound file is decoded to; SIZE_MAX: none */
    struct sender *sender;    /* whose sound it is: max_bytes is for all sound files of a user together; NULL: only for this one */
    struct sender_file *file; /* what reads it, if it is a regular file, else NULL; batch_start takes this reference, too */
    struct frontend_gate_options gate;
};

struct batch_counters {
    uint64_t hops; /* hops received, speech and silence */
    uint64_t wakeups, cpu_us, lost_us;
    int32_t level_cdb;
};

/* Refuses, with a message, anything but a pipe, a stream socket, or a readable regular file. */
int batch_check_descriptor(int fd, tragus_error *reterr);

/* Starts the thread. Takes ownership of fd, and lends the session to the thread until it retires at the end of the input. */
int batch_start(struct batch **ret, tragus_model *m, int fd, const struct batch_options *options, struct engine_session *session,
                const struct base_wake *main_wake, tragus_error *reterr);

struct recogniser *batch_recogniser(struct batch *b);
void batch_wake(struct batch *b);       /* call it after recogniser_command */
void batch_cancel(struct batch *b);     /* acts as if the input ended here; returns immediately */
bool batch_done(const struct batch *b); /* the thread has finished, so batch_free will not wait */
/* Valid when done: returns 0, or why the input could not be read. */
int batch_error(const struct batch *b, tragus_error *ret);
void batch_counters(const struct batch *b, struct batch_counters *ret);
void batch_free(struct batch *b); /* cancels, waits for the thread, zeroes the memory */

#endif
