/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/grammar.h: compiles sentence templates to a word automaton for the recogniser and a matcher for text.
 *
 * `grammar_acceptor` gives an acceptor of word sequences without meanings (what can be said). grammar_match gives the readings
 * (intent, slots) of a word sequence, best first. The decoder finds the words; the matcher then finds their meaning with Home
 * Assistant's ranking, so a typed sentence and a spoken one always have the same meaning.
 */
#ifndef TRAGUS_GRAMMAR_GRAMMAR_H
#define TRAGUS_GRAMMAR_GRAMMAR_H

#include "base/budget.h"
#include "base/error.h"

#include "tragus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void grammar_diagnostics_done(tragus_diagnostics *d);
/* Adds a diagnostic without a position; text is truncated to fit. d may be NULL. */
void grammar_diagnostics_add(tragus_diagnostics *d, tragus_severity severity, const char *text);
/* Appends a copy of one diagnostic, without a limit. d may be NULL. */
void grammar_diagnostics_copy(tragus_diagnostics *d, const tragus_diagnostic *from);

struct grammar;         /* compiled; immutable; any thread */
struct grammar_builder; /* collects files, lists and contexts before compiling; main thread only */

int grammar_builder_new(struct grammar_builder **ret);
void grammar_builder_free(struct grammar_builder *b);
size_t grammar_builder_bytes(const struct grammar_builder *b); /* of memory, about */

/* Limits what reading and compiling may take from now on. NULL (the default): no limit except some hundred megabytes. Borrowed. The
 * calling thread starts the budget. If it is exceeded, functions return -ETIME, -E2BIG or -ECANCELED, and name the template, list
 * or file that costs most. */
void grammar_builder_set_budget(struct grammar_builder *b, struct base_budget *budget);

/* Adds a source of a language's numbers and signs: a file language.yaml, which is read now, or a folder with one subfolder per
 * language tag, whose language.yaml is read when a grammar in that language needs it, and numbers/TAG.yaml for languages that say
 * nothing of numbers there. Sources added first take precedence. Without a source, numbers and signs are understood only if typed.
 */
int grammar_builder_add_language(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr);

/* Chooses the language whose sentences are compiled, if files of several languages are added. NULL (the default): that of the first
 * sentences that name one. Borrowed. */
void grammar_builder_set_language(struct grammar_builder *b, const char *tag);

/* Says that sentences are typed only: grammars compiled from now on have no acceptor, which is most of the work. */
void grammar_builder_set_typed_only(struct grammar_builder *b);

/* Sets the language of sentences that name none. Default: that of the first file added, else "". Only the letters before a region
 * count. */
void grammar_builder_set_default_language(struct grammar_builder *b, const char *tag);
const char *grammar_builder_default_language(const struct grammar_builder *b);

/* Adds the files that grammar_files visits (files.h). YAML: both of Home Assistant's layouts. `.txt`, `.list`: one template per
 * line, `#` comments, `template => text`, and `[Name]` alone on a line to begin the sentences of an intent. `.ini`: sentences.ini
 * of Rhasspy; a file without a suffix below a folder `slots` has the values of a slot. For other names the content decides. Files
 * in another language than the first one with sentences are ignored; so is another region of that language, if it has sentences,
 * too
 * ("pt-BR" beside "pt"). */
int grammar_builder_add_path(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr);

/* Adds text from memory; name is used in diagnostics. format: as in formats.h, or NULL to detect it from name and
 * content. */
int grammar_builder_add_text(struct grammar_builder *b, const char *name, const char *format, const char *text, size_t len,
                             tragus_diagnostics *d, tragus_error *reterr);

struct grammar_list_value {
    const char *in;             /* template */
    const char *out;            /* NULL: as spoken */
    const char *context_domain; /* NULL: none */
};
/* Sets or replaces a whole list at run time: Home Assistant's {name}, {area}, {floor}. In diagnostics, its file is "{list}" and the
 * line is the number of the value. A value that is not UTF-8 is left out with a warning. */
int grammar_builder_set_list(struct grammar_builder *b, const char *list, const struct grammar_list_value values[], size_t n,
                             tragus_diagnostics *d, tragus_error *reterr);

/* Compiles everything added. A wrong template or list value is left out with a warning in d. Returns -EINVAL if no sentence is
 * left; reterr then tells the first mistake. Templates that use a missing list are skipped with a warning. The builder stays usable
 * (change a list, compile again). */
int grammar_compile(struct grammar **ret, struct grammar_builder *b, tragus_diagnostics *d, tragus_error *reterr);
void grammar_free(struct grammar *g);

/* Reports that processing the compiled grammar exceeded the budget, and names what costs most, like grammar_compile. Returns
 * code. */
int grammar_refuse(const struct grammar *g, const struct base_budget *budget, int code, tragus_diagnostics *d,
                   tragus_error *reterr);

/* Returns whether two tags name the same language, in any case and regardless of the region. */
bool grammar_language_same(const char *a, const char *b);
const char *grammar_language(const struct grammar *g); /* the tag that the sentences name, as written; "": none */
size_t grammar_bytes(const struct grammar *g);         /* of memory, about */
size_t grammar_n_templates(const struct grammar *g);
size_t grammar_n_intents(const struct grammar *g);
const char *grammar_intent(const struct grammar *g, size_t i);
/* Whether a template names this list, or a file defines it. */
bool grammar_has_list(const struct grammar *g, const char *name);
const char *grammar_nearest_list(const struct grammar *g, const char *name); /* for "did you mean"; NULL: none is similar */
double grammar_least_confidence(const struct grammar *g); /* the least min_confidence of its sentences; 0: none */

/* The values of all lists of a grammar with free text, as they are compared; others have none. */
size_t grammar_n_names(const struct grammar *g);
const char *grammar_name(const struct grammar *g, size_t i);

/* The silences that end a sentence, as session options have them; 0: as the session says. */
struct grammar_pauses {
    uint32_t final_silence_ms, end_silence_ms, open_silence_ms;
};
#define GRAMMAR_MAX_PAUSES 16 /* different ones in a grammar */

#define GRAMMAR_FREE_WORDS "\x1a" /* in place of a word: any words may be said, as for a wildcard */

/* The acceptor. It is nondeterministic only where a state has several arcs with one word; no epsilon; trimmed; words as they are
 * spoken (digits and symbols spelled out), in lower case unless a word has capitals inside. */
struct grammar_word_arc {
    uint32_t word; /* index into words */
    uint32_t to;
};
struct grammar_acceptor {
    uint32_t n_states, n_arcs, n_words;
    uint32_t start;
    const uint32_t *first_arc; /* n_states + 1 */
    const struct grammar_word_arc *arcs;
    const uint8_t *is_final;  /* n_states; 0: no, 1: with the session's pauses, more: with pauses[is_final - 2] */
    const char *const *words; /* n_words spellings */
    const struct grammar_pauses *pauses;
    uint32_t n_pauses;
};
const struct grammar_acceptor *grammar_acceptor(const struct grammar *g); /* valid as long as g; without states if typed only */

#define GRAMMAR_EXAMPLE_BYTES 128
/* Writes up to n different sentences that can be said, in the words of the acceptor, always the same ones for a grammar. Returns
 * their number, which is 0 if nothing can be spoken, and may be less than n. Takes a time that does not depend on the size of the
 * grammar. */
size_t grammar_examples(const struct grammar *g, char ret[][GRAMMAR_EXAMPLE_BYTES], size_t n);

#define GRAMMAR_MAX_SLOTS 16
struct grammar_slot {
    const char *name;
    tragus_value value;
    uint32_t first_word, n_words; /* position in the input */
    bool wildcard;
    bool fixed; /* from `slots:` of the sentence, not from words */
};
#define GRAMMAR_MAX_UNMATCHED 2 /* of a reading */
struct grammar_reading {        /* pointers are valid as long as the grammar and the match */
    const char *intent;         /* "" in a list without intents */
    const char *text;           /* as the files spell it, numbers in digits; for `in`/`out` sentences and `=>` lines their output */
    const char *template_text;
    const char *response;  /* NULL: none */
    double min_confidence; /* that the sentences ask for, 0..1; 0: none */
    struct grammar_slot slots[GRAMMAR_MAX_SLOTS];
    size_t n_slots;
    const tragus_field *metadata; /* of its block */
    size_t n_metadata;
    tragus_unmatched unmatched[GRAMMAR_MAX_UNMATCHED]; /* words that no list has in the place of a list */
    size_t n_unmatched;
    const char *corrected; /* the text without typing errors that has this reading; NULL: it is the given one */
};
struct grammar_match;

/* Finds the readings of typed or recognised text, best first (at most max_readings). No reading is not an error. context: what the
 * caller knows (area: where the microphone is). Returns the number of readings, or a negative errno. Free *ret, which owns the
 * texts, with grammar_match_free. */
int grammar_match(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                  size_t n_context, size_t max_readings);

struct grammar_match_options {
    const tragus_context *context;
    size_t n_context;
    size_t max_readings;
    bool fuzzy;     /* if the text has no reading, correct words that the grammar does not know */
    bool unmatched; /* if it still has none, find the readings that it would have if lists had other values */
};
/* The same with options, and within a budget as below. */
int grammar_match_with(struct grammar_match **ret, const struct grammar *g, const char *text, const struct grammar_match_options *o,
                       struct base_budget *budget, tragus_error *reterr);

/* grammar_match within a budget, which may be NULL. If it is exceeded, returns -ETIME, -E2BIG or -ECANCELED, and reterr names the
 * template that took most. */
int grammar_match_within(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                         size_t n_context, size_t max_readings, struct base_budget *budget, tragus_error *reterr);
const struct grammar_reading *grammar_match_reading(const struct grammar_match *m, size_t i);
void grammar_match_free(struct grammar_match *m); /* zeroes what it holds of the text */

#endif
