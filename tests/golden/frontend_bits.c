/* SPDX-License-Identifier: Apache-2.0 */
/* Pins the exact bits of the features of sounds that are made with integers. Every CPU, compiler and build of KissFFT must
 * reproduce them, with the reference kernels and with the best ones of this CPU.
 *
 * usage: frontend_bits [--print | FILE.wav...]: compares with the pinned values, or prints the values to compare two machines, also
 * of 16-bit WAV files, whose bytes after the first 44 are read as sound at 16 kHz. Plain C, so it runs under any emulator.
 */
#include "base/arena.h"
#include "base/cpu.h"
#include "frontend/frontend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SAMPLES (FRONTEND_RATE * 4)

static uint32_t random_state;

static int32_t random16(void) { /* -32768 .. 32767; Numerical Recipes' generator */
    random_state = random_state * 1664525u + 1013904223u;
    return (int32_t)(random_state >> 16) - 32768;
}

static void silence(int16_t *pcm) {
    memset(pcm, 0, N_SAMPLES * sizeof(*pcm));
}

static void loud_noise(int16_t *pcm) {
    for (int n = 0; n < N_SAMPLES; n++) {
        pcm[n] = (int16_t)random16();
    }
}

static void one_bit_noise(int16_t *pcm) {
    for (int n = 0; n < N_SAMPLES; n++) {
        pcm[n] = (int16_t)(random16() & 1);
    }
}

static void extremes(int16_t *pcm) { /* full-scale square waves of varying length */
    for (int n = 0, left = 1, value = 32767, length = 1; n < N_SAMPLES; n++) {
        if (--left == 0) {
            value = value == 32767 ? -32768 : 32767;
            length = length % 200 + 1;
            left = length;
        }
        pcm[n] = (int16_t)value;
    }
}

static void pulses(int16_t *pcm) {
    for (int n = 0; n < N_SAMPLES; n++) {
        pcm[n] = (int16_t)(n % 777 == 0 ? 32767 : n % 1234 == 5 ? -32768 : 0);
    }
}

/* Glottal pulses through two resonators with moving frequencies, with gaps and a little noise: like speech in level and
 * spectrum. */
static void like_speech(int16_t *pcm) {
    int64_t a1 = 0, a2 = 0, b1 = 0, b2 = 0;
    for (int n = 0, phase = 0; n < N_SAMPLES; n++) {
        int syllable = n / 3200, within = n % 3200;
        int32_t source = random16() / 256;
        phase += 100 + syllable % 5 * 8 + within / 200;
        if (phase >= FRONTEND_RATE) {
            phase -= FRONTEND_RATE;
            source += within < 2400 ? 6000 : 0;
        }
        /* y = x + 2 r cos(w) y' - r^2 y'' in Q14 */
        int64_t a = source * 4 + ((31500 - syllable * 37 % 1500) * a1 - 15600 * a2) / 16384;
        int64_t b = a / 4 + ((22000 - syllable * 911 % 9000) * b1 - 15000 * b2) / 16384;
        a2 = a1;
        a1 = a;
        b2 = b1;
        b1 = b;
        int64_t y = (a + b) / 16;
        pcm[n] = (int16_t)(y > 32767 ? 32767 : y < -32768 ? -32768 : y);
    }
}

static const struct {
    const char *name;
    void (*make)(int16_t *pcm);
    uint64_t hash;
} sounds[] = {
    {"silence", silence, 0x56257d221040dc30u},
    {"loud noise", loud_noise, 0x107840510c334c34u},
    {"one-bit noise", one_bit_noise, 0xceb4415468bc0306u},
    {"extremes", extremes, 0xd7e8226749ad91f1u},
    {"pulses", pulses, 0x6e344de0aa257e3cu},
    {"like speech", like_speech, 0x7d859f100d06cd4du},
};

/* FNV-1a over features and log-mel energies, low byte first. */
static uint64_t hash_of(struct frontend *f, const int16_t *pcm, size_t n_samples) {
    uint64_t hash = 0xcbf29ce484222325u;
    frontend_reset(f);
    for (size_t i = 0; i + FRONTEND_HOP <= n_samples; i += FRONTEND_HOP) {
        int16_t row[2][FRONTEND_FEATURES];
        if (!frontend_push(f, pcm + i, row[0])) {
            continue;
        }
        memcpy(row[1], frontend_log_mel(f), sizeof(row[1]));
        for (unsigned k = 0; k < 2 * FRONTEND_FEATURES; k++) {
            uint16_t value = (uint16_t)row[k / FRONTEND_FEATURES][k % FRONTEND_FEATURES];
            hash = (hash ^ (value & 0xff)) * 0x100000001b3u;
            hash = (hash ^ (value >> 8)) * 0x100000001b3u;
        }
    }
    return hash;
}

static struct frontend *new_frontend(struct base_arena *ret_arena, uint32_t cpu_flags) {
    struct base_arena size = {0};
    frontend_place(&size, cpu_flags);
    if (base_arena_init(ret_arena, size.used_bytes) < 0) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return frontend_place(ret_arena, cpu_flags);
}

int main(int argc, char **argv) {
    static int16_t pcm[FRONTEND_RATE * 60];
    struct base_arena arena, reference_arena;
    struct frontend *f = new_frontend(&arena, base_cpu_detect()), *reference = new_frontend(&reference_arena, 0);
    int rc = 0;
    for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++) {
        random_state = 1;
        sounds[i].make(pcm);
        uint64_t hash = hash_of(f, pcm, N_SAMPLES);
        if (argc > 1) {
            printf("%016llx %s\n", (unsigned long long)hash, sounds[i].name);
        } else if (hash != sounds[i].hash) {
            printf("%s: the features hash to %016llx instead of %016llx\n", sounds[i].name, (unsigned long long)hash,
                   (unsigned long long)sounds[i].hash);
            rc = 1;
        } else if (hash_of(reference, pcm, N_SAMPLES) != hash) {
            printf("%s: the reference kernels give other features\n", sounds[i].name);
            rc = 1;
        }
    }
    for (int i = 1; i < argc && strcmp(argv[1], "--print") != 0; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL || fseek(file, 44, SEEK_SET) != 0) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
        size_t n = fread(pcm, sizeof(pcm[0]), sizeof(pcm) / sizeof(pcm[0]), file);
        fclose(file);
        printf("%016llx %s\n", (unsigned long long)hash_of(f, pcm, n), argv[i]);
    }
    base_arena_done(&reference_arena);
    base_arena_done(&arena);
    return rc;
}
