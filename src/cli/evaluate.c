/* SPDX-License-Identifier: Apache-2.0 */
/* cli/evaluate.c: recognises labelled recordings, and reports accuracy, CPU time and memory. */
#include "busjson/busjson.h"
#include "cli/cli.h"
#include "cli/list.h"
#include "cli/score.h"

#include <stdio.h>
#include <string.h>

static const char help[] = "Usage: tragus evaluate -g GRAMMAR... [-m MODEL] LIST.tsv\n"
                           "\n"
                           "Recognises the files of a list and compares the results with their labels.\n"
                           "Columns are separated by tabs. If the first line contains the names `file` and\n"
                           "`text`, it names the columns; otherwise the first two columns are the file and\n"
                           "the text. Relative paths start at the folder of the list. A text is the words\n"
                           "that were said, or JSON with intent and slots, or empty: then the sound is in\n"
                           "no grammar and must be rejected.\n"
                           "\n"
                           "Prints words, errors (substituted, deleted, inserted) and word error rate;\n"
                           "sentences right (every word); slots right (the intent and exactly the labelled\n"
                           "slots and values); rejected; falsely accepted; each with its 95 % interval\n"
                           "(Wilson); real-time factor (CPU time / duration) and peak memory. Upper and\n"
                           "lower case are the same, a hyphen counts as a blank, and every way to write\n"
                           "what was said is right: \"15 %\", \"15 percent\" and \"fifteen percent\"; \"PS5\" and\n"
                           "\"P S five\".\n"
                           "\n"
                           "      --json                 print the report as one JSON object\n"
                           "      --no-reject            if nothing was understood, take the best sentence\n"
                           "                             at any confidence\n"
                           "      --errors               print a line for each wrong result: what was said,\n"
                           "                             what was recognised\n" CLI_SETUP_HELP "\n"
                           "Exit codes: 0 evaluated, 3 the list or a file could not be read, 4 the model or\n"
                           "grammar is invalid.\n";

struct share {
    size_t n, of;
};

struct report {
    size_t n_files;
    struct score_errors errors;
    struct share sentences, slots, rejected, false_accepts;
    uint64_t audio_ms, cpu_ns;
};

/* Whether the words are a way to say the label, such as "fifteen percent" for "15%". */
static bool is_said(tragus_model *m, const char *label, const char *words) {
    const tragus_text text = {.name = "label", .format = "list", .text = label, .len_bytes = strlen(label)};
    tragus_grammar *g = NULL;
    tragus_match *match = NULL;
    int n = -1;

    if (strpbrk(label, "()[]{}<>|;")) /* it would be a template */
        return false;
    if (tragus_grammar_load_texts(&g, m, NULL, &text, 1, NULL, NULL) >= 0)
        n = tragus_match_text(&match, g, words, NULL, 0, 1);
    if (n >= 0)
        tragus_match_free(match);
    tragus_grammar_unref(g);
    return n > 0;
}

/* The errors in what was heard. There are none if the grammar writes the label and what was heard in the same way, or if the label
 * is said like that; otherwise what was heard is compared as spoken and as written, and the nearer one counts. */
static struct score_errors compare(tragus_model *m, tragus_grammar *g, const char *label, const struct cli_heard *heard) {
    struct score_errors spoken = score_words(label, heard->spoken), written = score_words(label, heard->text);
    struct score_errors nearer = score_n_errors(&written) < score_n_errors(&spoken) ? written : spoken;
    tragus_match *match = NULL;
    if (score_n_errors(&nearer) == 0 || heard->n_accepted == 0)
        return nearer;
    int n = tragus_match_text(&match, g, label, NULL, 0, 1);
    if ((n > 0 && strcmp(tragus_match_reading(match, 0)->text, heard->text) == 0) || is_said(m, label, heard->spoken))
        nearer = (struct score_errors){.n_words = nearer.n_words};
    if (n >= 0)
        tragus_match_free(match);
    return nearer;
}

/* Describes what is wrong with the result of a file, or returns NULL. */
static const char *judge(struct report *r, tragus_model *m, tragus_grammar *g, const struct list_row *row,
                         const struct cli_heard *heard) {
    bool accepted = heard->n_accepted > 0;
    if (row->text && row->text[0] == '\0') {
        r->false_accepts.of++;
        r->false_accepts.n += accepted;
        return accepted ? "falsely accepted" : NULL;
    }
    r->rejected.of++;
    r->rejected.n += !accepted;
    bool right;
    if (row->text) {
        struct score_errors e = compare(m, g, row->text, heard);
        r->errors.n_words += e.n_words;
        r->errors.n_substituted += e.n_substituted;
        r->errors.n_deleted += e.n_deleted;
        r->errors.n_inserted += e.n_inserted;
        right = score_n_errors(&e) == 0;
        r->sentences.of++;
        r->sentences.n += right;
    } else {
        right = accepted && (!row->intent || strcmp(row->intent, heard->best->intent) == 0) &&
                score_slots_equal(row->slots, heard->best->slots);
        r->slots.of++;
        r->slots.n += right;
    }
    return right ? NULL : accepted ? "wrong" : heard->reason;
}

static void print_error(const struct list_row *row, const struct cli_heard *heard, const char *what) {
    const struct cli_utterance *best = heard->best;
    const char *label = row->text ? row->text : json_object_to_json_string_ext(row->slots, JSON_C_TO_STRING_PLAIN);
    printf("%s\t%s\t%s\t%s", row->path, what, label, heard->n_accepted > 0 ? heard->text : best ? best->text : "");
    if (!row->text && best && !best->rejected)
        printf("\t%s %s", best->intent, json_object_to_json_string_ext(best->slots, JSON_C_TO_STRING_PLAIN));
    printf("\t%.3f\n", best ? best->confidence : 0.0);
}

/* --- the report --- */

static double quotient(double a, double b) {
    return b > 0.0 ? a / b : 0.0;
}

static struct share word_errors(const struct report *r) {
    /* There can be more errors than words, but a share is at most 1. */
    return (struct share){score_n_errors(&r->errors) < r->errors.n_words ? score_n_errors(&r->errors) : r->errors.n_words,
                          r->errors.n_words};
}

/* Of this program alone: getrusage also counts the process that started it, until it became this program. */
static double peak_megabytes(void) {
    FILE *f = fopen("/proc/self/status", "re");
    unsigned long kib = 0;
    char line[128];
    while (f && kib == 0 && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %lu kB", &kib) != 1)
            kib = 0;
    if (f)
        fclose(f);
    return (double)kib / 1024.0;
}

static double real_time_factor(const struct report *r) {
    return quotient((double)r->cpu_ns / 1e6, (double)r->audio_ms);
}

static void print_share(const char *name, struct share s) {
    double low, high;
    if (s.of == 0)
        return;
    score_interval(s.n, s.of, &low, &high);
    printf("%-18s %5zu of %5zu  %5.1f %%  [%.1f, %.1f]\n", name, s.n, s.of, 100.0 * (double)s.n / (double)s.of, 100 * low,
           100 * high);
}

static void print_text(const struct report *r) {
    double low, high;
    printf("%-18s %5zu  %.1f min\n", "files", r->n_files, (double)r->audio_ms / 60000.0);
    if (r->errors.n_words > 0) {
        struct share wer = word_errors(r);
        score_interval(wer.n, wer.of, &low, &high);
        printf("%-18s %5zu\n", "words", r->errors.n_words);
        printf("%-18s %5zu  substituted %zu, deleted %zu, inserted %zu\n", "errors", score_n_errors(&r->errors),
               r->errors.n_substituted, r->errors.n_deleted, r->errors.n_inserted);
        printf("%-18s %5.1f %%  [%.1f, %.1f]\n", "word error rate",
               100.0 * (double)score_n_errors(&r->errors) / (double)r->errors.n_words, 100 * low, 100 * high);
    }
    print_share("sentences right", r->sentences);
    print_share("slots right", r->slots);
    print_share("rejected", r->rejected);
    print_share("falsely accepted", r->false_accepts);
    printf("%-18s %.4f  (%.2f s of CPU)\n", "real-time factor", real_time_factor(r), (double)r->cpu_ns / 1e9);
    printf("%-18s %.1f MB\n", "peak memory", peak_megabytes());
}

static json_object *rounded(double x) {
    return busjson_decimals(x, "%.5f");
}

static void add_share(json_object *report, const char *name, struct share s) {
    double low, high;
    json_object *o = json_object_new_object();
    score_interval(s.n, s.of, &low, &high);
    busjson_add(o, "n", json_object_new_int64((int64_t)s.n));
    busjson_add(o, "of", json_object_new_int64((int64_t)s.of));
    busjson_add(o, "share", rounded(quotient((double)s.n, (double)s.of)));
    busjson_add(o, "low", rounded(low));
    busjson_add(o, "high", rounded(high));
    busjson_add(report, name, o);
}

static void add_count(json_object *report, const char *name, size_t n) {
    busjson_add(report, name, json_object_new_int64((int64_t)n));
}

static void print_json(const struct report *r) {
    json_object *o = cli_json_new();
    add_count(o, "files", r->n_files);
    add_count(o, "audio_ms", r->audio_ms);
    add_count(o, "cpu_ms", r->cpu_ns / 1000000);
    add_count(o, "words", r->errors.n_words);
    add_count(o, "errors", score_n_errors(&r->errors));
    add_count(o, "substituted", r->errors.n_substituted);
    add_count(o, "deleted", r->errors.n_deleted);
    add_count(o, "inserted", r->errors.n_inserted);
    add_share(o, "word_errors", word_errors(r));
    busjson_add(o, "word_error_rate", rounded(quotient((double)score_n_errors(&r->errors), (double)r->errors.n_words)));
    add_share(o, "sentences_right", r->sentences);
    add_share(o, "slots_right", r->slots);
    add_share(o, "rejected", r->rejected);
    add_share(o, "falsely_accepted", r->false_accepts);
    busjson_add(o, "real_time_factor", rounded(real_time_factor(r)));
    busjson_add(o, "peak_memory_mb", rounded(peak_megabytes()));
    cli_json_print(o);
}

static int evaluate(struct report *report, const struct list *list, tragus_model *m, tragus_grammar *g, bool reject, bool errors) {
    struct cli_progress progress;
    int result = CLI_OK;
    cli_progress_start(&progress, "file");
    for (size_t i = 0; i < list->n_rows; i++) {
        struct cli_heard heard;
        cli_progress_at(&progress, i, list->n_rows);
        int r = cli_hear(&heard, list->rows[i].path, m, g, &(struct cli_hear_options){.reject = reject});
        if (r != CLI_OK) {
            result = r;
            continue;
        }
        report->n_files++;
        report->audio_ms += heard.audio_ms;
        report->cpu_ns += heard.cpu_ns;
        const char *wrong = judge(report, m, g, &list->rows[i], &heard);
        if (wrong && errors) {
            cli_progress_end(&progress);
            print_error(&list->rows[i], &heard, wrong);
        }
        cli_heard_done(&heard);
    }
    cli_progress_end(&progress);
    return result;
}

int cli_evaluate(int argc, char **argv) {
    enum { JSON = 256, NO_REJECT, ERRORS };
    static const struct option options[] = {CLI_SETUP_LONG,
                                            {"json", no_argument, NULL, JSON},
                                            {"no-reject", no_argument, NULL, NO_REJECT},
                                            {"errors", no_argument, NULL, ERRORS},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    bool json = false, reject = true, errors = false;
    int option, r;
    while ((option = getopt_long(argc, argv, CLI_SETUP_SHORT "h", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == JSON) {
            json = true;
        } else if (option == NO_REJECT) {
            reject = false;
        } else if (option == ERRORS) {
            errors = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (setup.n_grammars == 0)
        return cli_usage(argv[0], "no grammar is given; name a file or a directory with -g");
    if (argc - optind != 1)
        return cli_usage(argv[0], "exactly one list is needed");

    tragus_error e;
    struct list list;
    if (list_read(&list, argv[optind], &e) < 0) {
        cli_complain(e.file, e.line, e.column, e.text);
        return CLI_INPUT;
    }
    tragus_model *model = NULL;
    tragus_grammar *grammar = NULL;
    struct report report = {0};
    r = cli_open_model(&model, setup.model);
    if (r == CLI_OK)
        r = cli_open_grammar(&grammar, model, &setup);
    if (r == CLI_OK) {
        r = evaluate(&report, &list, model, grammar, reject, errors);
        if (json)
            print_json(&report);
        else
            print_text(&report);
    }
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    list_done(&list);
    return r;
}
