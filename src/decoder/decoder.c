/* SPDX-License-Identifier: Apache-2.0 */
/* One step of token passing.
 *
 * For an arc a with phone p and a node n, each value is the best over all paths up to this row (Young, Russell and Thornton,
 * 1989):
 *
 *     blank'[n] = max(blank[n], sounding[every arc into n]) + y[blank]
 *     sounding'[a] = max(sounding[a], blank[from], sounding[b] for b into `from` with another phone) + y[p]
 *
 * A token that enters the first arc of a word pays the word penalty. There are no epsilon arcs, so one pass suffices, and an
 * outgoing arc needs only the best two incoming tokens of different phones. A step collects the tokens that reach each node, lists
 * the candidates with their scores, prunes them by beam and number, and copies only the tokens that survive. Ties are broken in a
 * fixed order (staying over entering, blank over sounding, lower over higher arcs), so the same rows always give the same tokens.
 */
#include "base/fixed.h"
#include "decoder/state.h"

#include <string.h>

#define NORMALISE_BELOW (-(1 << 24)) /* a step lowers scores by at most 2^17, so they stay far from the limits of int32 */

/* --- start ------------------------------------------------------------------------------------------------------------------ */

void decoder_start(struct decoder *d) {
    d->step = d->n_before = d->n_assumed = 0;
    decoder_continue(d);
}

void decoder_continue(struct decoder *d) {
    uint32_t n_heard = d->step - d->n_assumed;
    d->base_row = (uint32_t)(((uint64_t)d->base_row + n_heard) % d->max_rows);
    d->n_before = n_heard < DECODER_EDGE_STEPS - d->n_before ? d->n_before + n_heard : DECODER_EDGE_STEPS;
    d->step = d->n_assumed = d->doubted_step = 0;
    d->state = LISTENER_WAITING;
    d->ended_by = TRAGUS_REASON_NONE;
    d->talk_ms = LISTENER_NO_TALK;
    d->speech_step = 0;
    d->greedy_sum = d->taken_off = 0;
    d->forbidden = GRAPH_NO_WORD;
    decoder_filler_start(&d->filler);
    decoder_start_at(d, d->graph->start, 0);
}

static void shift(struct decoder_token *t, int32_t by) {
    int32_t *scores[] = {&t->score, &t->start_score, &t->last_score};
    for (unsigned i = 0; i < 3; i++)
        *scores[i] = (int32_t)base_clamp((int64_t)*scores[i] + by, DECODER_NO_SCORE, -DECODER_NO_SCORE);
}

static struct decoder_active new_token(uint32_t node, int32_t score) {
    return (struct decoder_active){
        .id = node,
        .token = {.score = score, .last_score = score, .history = DECODER_NONE, .arc = DECODER_NONE, .entry = DECODER_NONE}};
}

void decoder_start_at(struct decoder *d, uint32_t node, int32_t score) {
    d->n_history = 0;
    d->tokens[0] = new_token(node, score);
    d->n_arcs = 0;
    d->n_tokens = 1;
    d->best = 0;
    d->has_complete = d->graph->is_final[node];
    d->complete = d->tokens[0].token;
    d->best_complete = d->has_complete ? 0 : DECODER_NONE;
}

void decoder_start_again(struct decoder *d, int32_t cost_q8) {
    for (uint32_t i = 0; i < d->n_tokens; i++)
        shift(&d->tokens[i].token, -cost_q8);
    uint32_t i = d->n_arcs;
    while (i < d->n_tokens && d->tokens[i].id != d->graph->start)
        i++;
    if (i == d->max_tokens)
        return;
    d->n_tokens += i == d->n_tokens;
    d->tokens[i] = new_token(d->graph->start, 0);
    d->best = i; /* no score is above 0 */
}

int16_t *decoder_row(const struct decoder *d, int64_t step) {
    return d->rows + (size_t)((d->max_rows + d->base_row + step) % d->max_rows) * d->n_labels;
}

/* --- a step ------------------------------------------------------------------------------------------------------------------ */

void decoder_hear(struct decoder *d, const int16_t *posteriors) {
    d->step++;
    int32_t best = d->gain[0] = posteriors[0] - d->options.blank_penalty_q8;
    for (unsigned i = 1; i < d->n_labels; i++) {
        d->gain[i] = posteriors[i];
        best = d->gain[i] > best ? d->gain[i] : best;
    }
    int16_t *row = decoder_row(d, d->step);
    for (unsigned i = 0; i < d->n_labels; i++) {
        d->gain[i] -= best;
        row[i] = (int16_t)(d->gain[i] > INT16_MIN ? d->gain[i] : INT16_MIN);
    }
    d->greedy_sum += best;
    decoder_hear_sketch(d, posteriors);
}

static struct decoder_node *reach(struct decoder *d, uint32_t node) {
    uint32_t i = d->node_index[node];
    if (i >= d->n_nodes || d->nodes[i].node != node) {
        i = d->node_index[node] = d->n_nodes++;
        d->nodes[i] = (struct decoder_node){node, DECODER_NONE, DECODER_NONE, DECODER_NONE};
    }
    return &d->nodes[i];
}

static bool better(const struct decoder *d, uint32_t token, uint32_t than) {
    if (than == DECODER_NONE)
        return true;
    const struct decoder_active *a = &d->tokens[token], *b = &d->tokens[than];
    return a->token.score != b->token.score ? a->token.score > b->token.score : a->id < b->id;
}

/* Finds the tokens that reach each node. */
static void gather(struct decoder *d) {
    d->n_nodes = 0;
    for (uint32_t i = d->n_arcs; i < d->n_tokens; i++)
        reach(d, d->tokens[i].id)->blank = i;
    for (uint32_t i = 0; i < d->n_arcs; i++) {
        const struct graph_arc *arcs = d->graph->arcs, *arc = &arcs[d->tokens[i].id];
        struct decoder_node *n = reach(d, arc->to);
        d->arc_index[d->tokens[i].id] = i;
        d->handled[i] = 0;
        if (better(d, i, n->in1)) {
            if (n->in1 != DECODER_NONE && arcs[d->tokens[n->in1].id].phone != arc->phone)
                n->in2 = n->in1;
            n->in1 = i;
        } else if (arcs[d->tokens[n->in1].id].phone != arc->phone && better(d, i, n->in2)) {
            n->in2 = i;
        }
    }
}

static int32_t score_of(const struct decoder *d, uint32_t token) {
    return token == DECODER_NONE ? DECODER_NO_SCORE : d->tokens[token].token.score;
}

/* Lists all candidates within the beam of the best so far; returns the best score. */
static int32_t expand(struct decoder *d) {
    const struct graph *g = d->graph;
    const struct decoder_active *leader = &d->tokens[d->best];
    int32_t best = leader->token.score + d->gain[0]; /* the leader can always go to blank: a first bound for the beam */
    d->n_arc_candidates = d->n_node_candidates = 0;

    for (uint32_t i = 0; i < d->n_nodes; i++) {
        const struct decoder_node n = d->nodes[i];
        int32_t blank = score_of(d, n.blank), in1 = score_of(d, n.in1), in2 = score_of(d, n.in2);
        unsigned phone1 = n.in1 == DECODER_NONE ? 0 : g->arcs[d->tokens[n.in1].id].phone;

        int32_t score = (blank >= in1 ? blank : in1) + d->gain[0];
        if (score >= best - d->options.beam_q8)
            d->node_candidates[d->n_node_candidates++] = (struct decoder_candidate){score, n.node, blank >= in1 ? n.blank : n.in1};
        best = score > best ? score : best;

        for (uint32_t a = g->first_arc[n.node]; a < g->first_arc[n.node + 1]; a++) {
            unsigned phone = g->arcs[a].phone;
            int32_t in = phone != phone1 ? in1 : in2;
            uint32_t source = phone != phone1 ? n.in1 : n.in2;
            if (blank >= in) {
                in = blank;
                source = n.blank;
            }
            in -= g->arcs[a].first ? d->options.word_penalty_q8 : 0;
            uint32_t own = d->arc_index[a];
            if (own < d->n_arcs && d->tokens[own].id == a) {
                d->handled[own] = 1;
                if (d->tokens[own].token.score >= in) {
                    in = d->tokens[own].token.score;
                    source = own | DECODER_STAY;
                }
            }
            score = in + d->gain[phone];
            if (score < best - d->options.beam_q8 || source == DECODER_NONE)
                continue;
            best = score > best ? score : best;
            d->arc_candidates[d->n_arc_candidates++] = (struct decoder_candidate){score, a, source};
        }
    }
    for (uint32_t i = 0; i < d->n_arcs; i++) { /* arcs whose source node no token reaches any more */
        int32_t score = d->tokens[i].token.score + d->gain[g->arcs[d->tokens[i].id].phone];
        if (d->handled[i] || score < best - d->options.beam_q8)
            continue;
        best = score > best ? score : best;
        d->arc_candidates[d->n_arc_candidates++] = (struct decoder_candidate){score, d->tokens[i].id, i | DECODER_STAY};
    }
    return best;
}

struct decoder_histogram decoder_histogram_begin(int32_t best, int32_t beam_q8) {
    return (struct decoder_histogram){.best = best, .least = best - beam_q8, .width = beam_q8 / (int32_t)DECODER_N_BINS + 1};
}

int32_t decoder_histogram_edge(const struct decoder_histogram *h, uint32_t max_tokens) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < DECODER_N_BINS; i++) {
        n += h->bins[i];
        if (n > max_tokens) {
            int32_t edge = h->best - (int32_t)(i == 0 ? 1 : i) * h->width + 1; /* keeps the first bin, as far as there is room */
            return edge > h->least ? edge : h->least;
        }
    }
    return h->least;
}

/* The lowest score to keep: the beam's limit, or, if that leaves more than max_tokens, the edge of a bin in the histogram of
 * scores (Steinbiss, Tran and Ney, 1994). */
static int32_t cut(const struct decoder *d, int32_t best) {
    if (d->n_arc_candidates + d->n_node_candidates <= d->max_tokens)
        return best - d->options.beam_q8;
    struct decoder_histogram h = decoder_histogram_begin(best, d->options.beam_q8);
    for (uint32_t i = 0; i < d->n_arc_candidates; i++)
        decoder_histogram_count(&h, d->arc_candidates[i].score);
    for (uint32_t i = 0; i < d->n_node_candidates; i++)
        decoder_histogram_count(&h, d->node_candidates[i].score);
    return decoder_histogram_edge(&h, d->max_tokens);
}

/* Whether a path of this history has completed no word. */
static bool in_first_word(const struct decoder *d, uint32_t history) {
    while (history != DECODER_NONE && d->graph->arcs[d->history[history].arc].word == GRAPH_NO_WORD)
        history = d->history[history].previous;
    return history == DECODER_NONE;
}

bool decoder_enter(struct decoder *d, struct decoder_token *t, struct decoder_token *source, uint32_t arc) {
    if (!decoder_history_commit(d, source, &t->history))
        return false;
    if (d->graph->arcs[arc].word == d->forbidden && d->forbidden != GRAPH_NO_WORD && in_first_word(d, t->history))
        return false;
    t->arc = arc;
    t->start_step = d->step;
    t->start_score = source->score - (d->graph->arcs[arc].first ? d->options.word_penalty_q8 : 0);
    t->gap_q8 = source->score - source->last_score;
    return true;
}

void decoder_note_best(struct decoder *d, uint32_t token, uint32_t node) {
    int32_t score = d->next_tokens[token].token.score;
    if (d->best == DECODER_NONE || score > d->next_tokens[d->best].token.score)
        d->best = token;
    if (d->graph->is_final[node] && (d->best_complete == DECODER_NONE || score > d->next_tokens[d->best_complete].token.score))
        d->best_complete = token;
}

/* Copies the tokens that survive. Arcs come first: entering an arc may give the source token a history entry, and the copy on a
 * node, which continues to offer the same word, then shares it. */
static void advance(struct decoder *d, int32_t least) {
    uint32_t n = 0;
    d->best = d->best_complete = DECODER_NONE;
    for (uint32_t i = 0; i < d->n_arc_candidates && n < d->max_tokens; i++) {
        const struct decoder_candidate *c = &d->arc_candidates[i];
        struct decoder_token *t = &d->next_tokens[n].token, *source = &d->tokens[c->source & ~DECODER_STAY].token;
        if (c->score < least)
            continue;
        if (c->source & DECODER_STAY)
            *t = *source;
        else if (!decoder_enter(d, t, source, c->id))
            continue;
        d->next_tokens[n].id = c->id;
        t->entry = DECODER_NONE; /* the phone's end is known only when the next one begins */
        t->score = t->last_score = c->score;
        t->last_step = d->step;
        decoder_note_best(d, n++, d->graph->arcs[c->id].to);
    }
    d->n_arcs = n;
    for (uint32_t i = 0; i < d->n_node_candidates && n < d->max_tokens; i++) {
        const struct decoder_candidate *c = &d->node_candidates[i];
        if (c->score < least)
            continue;
        d->next_tokens[n] = (struct decoder_active){c->id, d->tokens[c->source].token};
        d->next_tokens[n].token.score = c->score;
        decoder_note_best(d, n++, c->id);
    }
    d->n_tokens = n;
    struct decoder_active *swap = d->tokens;
    d->tokens = d->next_tokens;
    d->next_tokens = swap;
}

/* Updates the best complete sentence: the stored one after one more silent step, or a better active one. */
static void keep_complete(struct decoder *d) {
    if (d->has_complete)
        d->complete.score = (int32_t)base_clamp((int64_t)d->complete.score + d->gain[0], DECODER_NO_SCORE, INT32_MAX);
    if (d->best_complete == DECODER_NONE)
        return;
    const struct decoder_token *alive = &d->tokens[d->best_complete].token;
    if (!d->has_complete || alive->score >= d->complete.score) {
        d->complete = *alive;
        d->has_complete = true;
    }
}

static void normalise(struct decoder *d) {
    if (d->best == DECODER_NONE || d->tokens[d->best].token.score > NORMALISE_BELOW)
        return;
    int32_t off = d->tokens[d->best].token.score;
    for (uint32_t i = 0; i < d->n_tokens; i++)
        shift(&d->tokens[i].token, -off);
    if (d->has_complete)
        shift(&d->complete, -off);
    d->taken_off += off;
}

void decoder_pass(struct decoder *d) {
    if (d->n_tokens > d->max_history - d->n_history)
        decoder_history_collect(d);
    if (d->n_tokens > 0 && d->free) {
        decoder_free_pass(d);
    } else if (d->n_tokens > 0) {
        gather(d);
        advance(d, cut(d, expand(d)));
    }
    keep_complete(d);
}

uint32_t decoder_node_of(const struct decoder *d, uint32_t token) {
    return token < d->n_arcs ? d->graph->arcs[d->tokens[token].id].to : d->tokens[token].id;
}

enum listener_state decoder_step(struct decoder *d, const int16_t *posteriors) {
    decoder_hear(d, posteriors);
    decoder_filler_step(&d->filler, d->gain, d->options.filler_penalty_q8, d->step);
    decoder_pass(d);
    normalise(d);
    decoder_end_by_rules(d);
    return d->state;
}
