/* SPDX-License-Identifier: Apache-2.0 */
#include "fail_alsa.h"

#include <alsa/asoundlib.h>
#include <pthread.h>
#include <string.h>

#define MOST_FUNCTIONS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    unsigned n_calls, n_failed, call;
    int call_error, n_open;
    struct {
        const char *name;
        int error;
    } functions[MOST_FUNCTIONS];
    unsigned n_functions;
} state;

void fail_alsa_never(void) {
    pthread_mutex_lock(&lock);
    state.n_calls = state.n_failed = state.call = state.n_functions = 0;
    pthread_mutex_unlock(&lock);
}

void fail_alsa_call(unsigned n, int error) {
    fail_alsa_never();
    pthread_mutex_lock(&lock);
    state.call_error = error;
    state.call = n;
    pthread_mutex_unlock(&lock);
}

void fail_alsa_function(const char *name, int error) {
    pthread_mutex_lock(&lock);
    if (state.n_functions < MOST_FUNCTIONS) {
        state.functions[state.n_functions].name = name;
        state.functions[state.n_functions++].error = error;
    }
    pthread_mutex_unlock(&lock);
}

static unsigned get(const unsigned *value) {
    pthread_mutex_lock(&lock);
    unsigned result = *value;
    pthread_mutex_unlock(&lock);
    return result;
}

unsigned fail_alsa_n_calls(void) {
    return get(&state.n_calls);
}

unsigned fail_alsa_n_failed(void) {
    return get(&state.n_failed);
}

int fail_alsa_n_open(void) {
    pthread_mutex_lock(&lock);
    int n = state.n_open;
    pthread_mutex_unlock(&lock);
    return n;
}

static void count_open(int change) {
    pthread_mutex_lock(&lock);
    state.n_open += change;
    pthread_mutex_unlock(&lock);
}

/* Whether this call fails, and how. */
static bool fails(const char *name, bool gives_frames, int *ret) {
    bool result = false;
    pthread_mutex_lock(&lock);
    state.n_calls++;
    if (state.n_calls == state.call) {
        *ret = state.call_error;
        result = true;
    }
    for (unsigned i = 0; i < state.n_functions; i++)
        if (strcmp(state.functions[i].name, name) == 0) {
            *ret = state.functions[i].error;
            result = true;
        }
    result = result && (*ret < 0 || gives_frames);
    state.n_failed += result;
    pthread_mutex_unlock(&lock);
    return result;
}

#define WRAP(type, name, parameters, arguments, gives_frames)                            \
    type __real_snd_##name parameters;                                                   \
    type __wrap_snd_##name parameters;                                                   \
    type __wrap_snd_##name parameters {                                                  \
        int error;                                                                       \
        return fails(#name, gives_frames, &error) ? error : __real_snd_##name arguments; \
    }

#define OF_PCM(name) WRAP(int, pcm_##name, (snd_pcm_t * pcm), (pcm), false)
#define GET(name) WRAP(int, pcm_hw_params_get_##name, (const snd_pcm_hw_params_t *p, unsigned *value), (p, value), false)
#define NEAR(name)                                                                                             \
    WRAP(int, pcm_hw_params_set_##name, (snd_pcm_t * pcm, snd_pcm_hw_params_t * p, unsigned *value, int *dir), \
         (pcm, p, value, dir), false)
#define CHANNELS(name)                                                                                                         \
    WRAP(int, pcm_hw_params_set_channels_##name, (snd_pcm_t * pcm, snd_pcm_hw_params_t * p, unsigned *value), (pcm, p, value), \
         false)
#define SET(name, what) \
    WRAP(int, pcm_hw_params_set_##name, (snd_pcm_t * pcm, snd_pcm_hw_params_t * p, what value), (pcm, p, value), false)

OF_PCM(drop)
OF_PCM(prepare)
OF_PCM(resume)
OF_PCM(start)
WRAP(snd_pcm_sframes_t, pcm_avail, (snd_pcm_t * pcm), (pcm), true)
WRAP(snd_pcm_sframes_t, pcm_readi, (snd_pcm_t * pcm, void *to, snd_pcm_uframes_t n), (pcm, to, n), true)
WRAP(int, pcm_info, (snd_pcm_t * pcm, snd_pcm_info_t *info), (pcm, info), false)
WRAP(int, pcm_sw_params, (snd_pcm_t * pcm, snd_pcm_sw_params_t *p), (pcm, p), false)
WRAP(int, pcm_sw_params_current, (snd_pcm_t * pcm, snd_pcm_sw_params_t *p), (pcm, p), false)
WRAP(int, pcm_sw_params_set_avail_min, (snd_pcm_t * pcm, snd_pcm_sw_params_t *p, snd_pcm_uframes_t n), (pcm, p, n), false)
WRAP(int, pcm_hw_params, (snd_pcm_t * pcm, snd_pcm_hw_params_t *p), (pcm, p), false)
WRAP(int, pcm_hw_params_any, (snd_pcm_t * pcm, snd_pcm_hw_params_t *p), (pcm, p), false)
WRAP(int, pcm_hw_params_get_buffer_size, (const snd_pcm_hw_params_t *p, snd_pcm_uframes_t *n), (p, n), false)
WRAP(int, pcm_hw_params_test_rate, (snd_pcm_t * pcm, snd_pcm_hw_params_t *p, unsigned rate, int dir), (pcm, p, rate, dir), false)
GET(channels_min)
GET(channels_max)
NEAR(buffer_time_near)
NEAR(period_time_near)
NEAR(rate_min)
NEAR(rate_first)
NEAR(rate_near)
CHANNELS(min)
CHANNELS(near)
SET(access, snd_pcm_access_t)
SET(format, snd_pcm_format_t)
SET(rate_resample, unsigned)
WRAP(int, device_name_hint, (int card, const char *interface, void ***ret), (card, interface, ret), false)

/* These need more than to return the error. */
int __real_snd_pcm_open(snd_pcm_t **ret, const char *name, snd_pcm_stream_t stream, int mode);
int __wrap_snd_pcm_open(snd_pcm_t **ret, const char *name, snd_pcm_stream_t stream, int mode);
int __wrap_snd_pcm_open(snd_pcm_t **ret, const char *name, snd_pcm_stream_t stream, int mode) {
    int error;
    int r = fails("pcm_open", false, &error) ? error : __real_snd_pcm_open(ret, name, stream, mode);
    if (r >= 0)
        count_open(1);
    return r;
}

int __real_snd_pcm_close(snd_pcm_t *pcm);
int __wrap_snd_pcm_close(snd_pcm_t *pcm);
int __wrap_snd_pcm_close(snd_pcm_t *pcm) { /* closes in any case, as close does */
    int error;
    bool failed = fails("pcm_close", false, &error);
    int r = __real_snd_pcm_close(pcm);
    count_open(-1);
    return failed ? error : r;
}

snd_pcm_state_t __real_snd_pcm_state(snd_pcm_t *pcm);
snd_pcm_state_t __wrap_snd_pcm_state(snd_pcm_t *pcm);
snd_pcm_state_t __wrap_snd_pcm_state(snd_pcm_t *pcm) {
    int error;
    return fails("pcm_state", false, &error) ? SND_PCM_STATE_DISCONNECTED : __real_snd_pcm_state(pcm);
}

char *__real_snd_device_name_get_hint(const void *hint, const char *id);
char *__wrap_snd_device_name_get_hint(const void *hint, const char *id);
char *__wrap_snd_device_name_get_hint(const void *hint, const char *id) {
    int error;
    return fails("device_name_get_hint", false, &error) ? NULL : __real_snd_device_name_get_hint(hint, id);
}
