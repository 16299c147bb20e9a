/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bench.c: the time that each stage of recognition takes on this machine. */
#include "audio/source.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "busjson/busjson.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define NOISE_SECONDS 10
#define MOST_RUNS 1000

static const char help[] = "Usage: tragus bench [-g GRAMMAR]... [-m MODEL] [--runs N] [--json] [FILE]\n"
                           "\n"
                           "Recognises a sound file, or ten seconds of noise, with the speech gate held\n"
                           "open, and prints the time of each stage, from the fastest of N runs, 5 if\n"
                           "--runs is not given. TRAGUS_CPU (none, or names like avx2,neon) disables\n"
                           "kernels.\n"
                           "\n"
                           "      --runs N               number of runs, 1 to 1000\n"
                           "      --json                 print a JSON object\n" CLI_SETUP_HELP "\n"
                           "Exit codes: 0 done, 3 the file could not be read, 4 the model or grammar is\n"
                           "invalid.\n";

struct result {
    tragus_cost cost;
    uint64_t cpu_ns;
};

/* Noise that is the same on every machine and in every run: a linear congruential generator (Knuth's MMIX constants), at -30 dB
 * relative to full scale. */
static int16_t *make_noise(size_t n) {
    int16_t *pcm = malloc(n * sizeof(*pcm));
    uint64_t state = 1;
    for (size_t i = 0; pcm && i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        pcm[i] = (int16_t)((int32_t)(state >> 53) - 1024);
    }
    return pcm;
}

static int run(struct result *ret, const int16_t *pcm, size_t n, tragus_model *m, tragus_grammar *g) {
    tragus_stream_options o;
    tragus_stream *stream;
    tragus_session *session;
    const tragus_event *event;
    tragus_stream_options_init(&o);
    o.gate = 0;
    int r = tragus_stream_new(&stream, m, &o);
    if (r < 0)
        return r;
    r = tragus_session_new(&session, stream, g, NULL);
    uint64_t start_ns = base_clock_thread_cpu_ns();
    for (size_t i = 0; r >= 0 && i < n; i += AUDIO_RATE) {
        r = tragus_stream_feed(stream, pcm + i, n - i < AUDIO_RATE ? n - i : AUDIO_RATE);
        while (r >= 0 && (r = tragus_session_poll(session, &event)) > 0)
            ;
    }
    if (r >= 0)
        r = tragus_stream_flush(stream);
    ret->cpu_ns = base_clock_thread_cpu_ns() - start_ns;
    tragus_stream_cost(stream, &ret->cost);
    tragus_stream_free(stream);
    return r;
}

static void print(const struct result *r, tragus_model *m, tragus_grammar *g, const char *sound, bool json) {
    const struct nn_kernels *k = nn_model_kernels(engine_model_network(m));
    const tragus_cost *c = &r->cost;
    /* At least a hop, of which a shorter sound is a part. */
    double hops = c->speech_ms >= 10 ? (double)c->speech_ms / 10.0 : 1.0, steps = c->steps ? (double)c->steps : 1.0;
    double audio_ns = (double)(c->audio_ms >= 10 ? c->audio_ms : 10) * 1e6;
    double rtf = (double)r->cpu_ns / audio_ns;
    char cpu[128];
    base_cpu_names(base_cpu_detect(), cpu, sizeof(cpu));
    if (json) {
        json_object *o = cli_json_new();
        busjson_add(o, "sound", json_object_new_string(sound));
        busjson_add(o, "audio_ms", json_object_new_int64((int64_t)c->audio_ms));
        busjson_add(o, "gemm", json_object_new_string(k->gemm_name));
        busjson_add(o, "dwconv", json_object_new_string(k->dwconv_name));
        busjson_add(o, "add", json_object_new_string(k->add_name));
        busjson_add(o, "cpu", json_object_new_string(cpu));
        busjson_add(o, "frontend_ns_per_hop", json_object_new_int64((int64_t)((double)c->frontend_ns / hops)));
        busjson_add(o, "network_ns_per_step", json_object_new_int64((int64_t)((double)c->network_ns / steps)));
        busjson_add(o, "decoder_ns_per_step", json_object_new_int64((int64_t)((double)c->decoder_ns / steps)));
        busjson_add(o, "real_time_factor", busjson_decimals(rtf, "%.5f"));
        cli_json_print(o);
        return;
    }
    printf("sound      %s, %.1f s; grammar of %u arcs\n", sound, (double)c->audio_ms / 1000.0, engine_grammar_graph(g)->n_arcs);
    printf("kernels    gemm %s, dwconv %s, add %s (this CPU has: %s)\n", k->gemm_name, k->dwconv_name, k->add_name, cpu);
    printf("front end  %8.0f ns per hop   %6.3f %% of real time\n", (double)c->frontend_ns / hops,
           100.0 * (double)c->frontend_ns / audio_ns);
    printf("network    %8.0f ns per step  %6.3f %%\n", (double)c->network_ns / steps, 100.0 * (double)c->network_ns / audio_ns);
    printf("decoder    %8.0f ns per step  %6.3f %%\n", (double)c->decoder_ns / steps, 100.0 * (double)c->decoder_ns / audio_ns);
    printf("all        real-time factor %.4f (CPU time / duration)\n", rtf);
}

static int read_sound(const char *path, int16_t **ret_pcm, size_t *ret_n) {
    if (path)
        return cli_read_sound(path, ret_pcm, ret_n);
    *ret_n = (size_t)NOISE_SECONDS * AUDIO_RATE;
    *ret_pcm = make_noise(*ret_n);
    if (*ret_pcm)
        return CLI_OK;
    cli_complain("", 0, 0, "out of memory");
    return CLI_INPUT;
}

/* Runs n_runs times, and keeps the run that took the least time. */
static int run_best(struct result *best, size_t n_runs, const int16_t *pcm, size_t n, tragus_model *model,
                    tragus_grammar *grammar) {
    struct cli_progress progress;
    int r = CLI_OK;
    *best = (struct result){.cpu_ns = UINT64_MAX};
    cli_progress_start(&progress, "run");
    for (size_t i = 0; r == CLI_OK && i < n_runs; i++) {
        struct result one;
        cli_progress_at(&progress, i, n_runs);
        if (run(&one, pcm, n, model, grammar) < 0) {
            cli_complain("", 0, 0, "out of memory");
            r = CLI_MODEL;
        } else if (one.cpu_ns < best->cpu_ns) {
            *best = one;
        }
    }
    cli_progress_end(&progress);
    return r;
}

int cli_bench(int argc, char **argv) {
    enum { RUNS = 256, JSON };
    static const struct option options[] = {CLI_SETUP_LONG,
                                            {"runs", required_argument, NULL, RUNS},
                                            {"json", no_argument, NULL, JSON},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    uint64_t n_runs = 5;
    bool json = false;
    int option, r;
    while ((option = getopt_long(argc, argv, CLI_SETUP_SHORT "h", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == RUNS) {
            if ((r = cli_number(argv[0], "--runs", optarg, 1, MOST_RUNS, &n_runs)) != CLI_OK)
                return r;
        } else if (option == JSON) {
            json = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (argc - optind > 1)
        return cli_usage(argv[0], "at most one sound file can be given");
    const char *path = optind < argc ? argv[optind] : NULL;

    tragus_model *model = NULL;
    tragus_grammar *grammar = NULL;
    int16_t *pcm = NULL;
    size_t n = 0;
    r = read_sound(path, &pcm, &n);
    if (r == CLI_OK)
        r = cli_open_model(&model, setup.model);
    if (r == CLI_OK)
        r = cli_open_grammar(&grammar, model, &setup);
    struct result best;
    if (r == CLI_OK)
        r = run_best(&best, (size_t)n_runs, pcm, n, model, grammar);
    if (r == CLI_OK)
        print(&best, model, grammar, path ? path : "noise", json);
    free(pcm);
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return r;
}
