/* SPDX-License-Identifier: Apache-2.0 */
/* One step of token passing through a graph with free words.
 *
 * A token in the tree of words also has its loop, which says where the grammar goes on, and the state of the language model after
 * the words before. So many tokens may be in one place, and a hash table finds the one with the same place, loop and state. The
 * values are those of decoder.c, and in addition
 *   - the arc that completes a word costs what the language model says, in place of what was promised on the way there: the least
 *     cost of any word on that way (unigram look-ahead: Steinbiss, Tran and Ney, 1994);
 *   - a node with loops also offers the first phones of all words, and the root of the tree, where a word has ended, also offers
 *     what follows the loop, at the cost of an end.
 * What the language model takes is counted apart from the sound (lm_q8 of a token), because only the sound is evidence.
 */
#include "base/fixed.h"
#include "decoder/state.h"

#include <string.h>

#define MOST_CANDIDATES (1u << 15)
#define N_SLOTS (2 * MOST_CANDIDATES)

struct place {   /* where a token is */
    uint32_t id; /* an arc whose phone sounds, or a node in blank */
    uint32_t loop, state;
};

struct candidate {
    struct place place;
    bool is_node;
    int32_t score, lm_q8; /* lm_q8: to add to that of the source */
    uint32_t source;      /* token; with DECODER_STAY set, it stays on its arc */
};

struct source { /* of tokens that leave a node */
    int32_t score, lm_q8;
    uint32_t token, phone; /* the phone before; 0: blank */
};

struct node { /* a node reached in the last step, in one loop and state */
    struct place place;
    struct source blank, in1, in2; /* in1: the best whose phone has just ended; in2: the best with another phone */
};

struct table { /* open addressing; a slot is in use if its stamp is the table's */
    uint32_t *slots, *stamps, stamp;
};

struct decoder_free {
    struct table of_nodes, of_candidates;
    struct node *nodes;
    struct candidate *candidates;
    uint32_t n_nodes, n_candidates;
};

/* --- tables ------------------------------------------------------------------------------------------------------------------ */

static void table_place(struct base_arena *a, struct table *t) {
    t->slots = base_arena_place(a, N_SLOTS * sizeof *t->slots);
    t->stamps = base_arena_place(a, N_SLOTS * sizeof *t->stamps);
    t->stamp = 0;
}

static void table_clear(struct table *t) {
    if (++t->stamp == 0) {
        memset(t->stamps, 0, N_SLOTS * sizeof *t->stamps);
        t->stamp = 1;
    }
}

static uint32_t hash(struct place p, bool is_node) {
    uint64_t h = ((uint64_t)p.id << 1 | is_node) * 0x9E3779B97F4A7C15u;
    h = (h ^ ((uint64_t)p.loop << 32 | p.state)) * 0xC2B2AE3D27D4EB4Fu;
    return (uint32_t)(h >> 40) & (N_SLOTS - 1);
}

static bool same_place(struct place a, struct place b) {
    return a.id == b.id && a.loop == b.loop && a.state == b.state;
}

struct decoder_free *decoder_free_place(struct base_arena *a) {
    struct decoder_free placed = {0};
    struct decoder_free *f = base_arena_place(a, sizeof *f);
    table_place(a, &placed.of_nodes);
    table_place(a, &placed.of_candidates);
    placed.nodes = base_arena_place(a, MOST_CANDIDATES * sizeof *placed.nodes);
    placed.candidates = base_arena_place(a, MOST_CANDIDATES * sizeof *placed.candidates);
    if (f)
        *f = placed;
    return f;
}

/* --- nodes reached ----------------------------------------------------------------------------------------------------------- */

static bool better(struct source a, struct source b) {
    return a.score != b.score ? a.score > b.score : a.token < b.token;
}

/* The node of this place, which is added if it is new; NULL if there are too many. */
static struct node *find_node(struct decoder_free *f, struct place p) {
    static const struct source none = {.score = DECODER_NO_SCORE, .token = DECODER_NONE};
    uint32_t at = hash(p, true);
    for (; f->of_nodes.stamps[at] == f->of_nodes.stamp; at = (at + 1) & (N_SLOTS - 1))
        if (same_place(f->nodes[f->of_nodes.slots[at]].place, p))
            return &f->nodes[f->of_nodes.slots[at]];
    if (f->n_nodes == MOST_CANDIDATES)
        return NULL;
    f->of_nodes.stamps[at] = f->of_nodes.stamp;
    f->of_nodes.slots[at] = f->n_nodes;
    f->nodes[f->n_nodes] = (struct node){p, none, none, none};
    return &f->nodes[f->n_nodes++];
}

static void reach(struct decoder_free *f, struct place p, struct source s) {
    struct node *n = find_node(f, p);
    if (!n)
        return;
    if (s.phone == 0) {
        n->blank = better(s, n->blank) ? s : n->blank;
    } else if (better(s, n->in1)) {
        n->in2 = s.phone != n->in1.phone ? n->in1 : n->in2;
        n->in1 = s;
    } else if (s.phone != n->in1.phone && better(s, n->in2)) {
        n->in2 = s;
    }
}

static struct source paying(struct source s, int32_t lm_q8) {
    s.score -= lm_q8;
    s.lm_q8 += lm_q8;
    return s;
}

static int32_t scaled(const struct decoder *d, int32_t cost_q8) {
    return (int32_t)base_round_shift((int64_t)cost_q8 * d->options.lm_scale_q8, 8);
}

/* Lets what reached one node go on in others without a sound: from the grammar into its loops, and from the root of the tree to
 * what follows the loop. New nodes are at the end of the list, so those that they lead to are found, too. */
static void pass_on(const struct decoder *d, struct decoder_free *f, uint32_t i) {
    const struct graph *g = d->graph;
    const struct node n = f->nodes[i];
    const struct source *sources[] = {&n.blank, &n.in1, &n.in2};
    bool in_tree = n.place.id >= g->tree_node;
    if (in_tree && n.place.id != g->tree_node)
        return;
    uint32_t first = in_tree ? n.place.loop - 1 : g->first_loop[n.place.id];
    uint32_t end = in_tree ? first + 1 : g->first_loop[n.place.id + 1];
    for (uint32_t loop = first; loop < end; loop++) {
        struct place to = {g->tree_node, loop + 1, lm_start(g->lm)};
        int32_t cost = 0;
        if (in_tree) {
            if (n.place.state == lm_start(g->lm)) /* no word yet */
                continue;
            to = (struct place){.id = g->loops[loop]};
            cost = scaled(d, lm_end(g->lm, n.place.state));
        }
        for (unsigned k = 0; k < 3; k++)
            if (sources[k]->token != DECODER_NONE)
                reach(f, to, paying(*sources[k], cost));
    }
}

static void gather(struct decoder *d, struct decoder_free *f) {
    f->n_nodes = 0;
    table_clear(&f->of_nodes);
    for (uint32_t i = 0; i < d->n_tokens; i++) {
        const struct decoder_token *t = &d->tokens[i].token;
        const struct graph_arc *arc = i < d->n_arcs ? &d->graph->arcs[d->tokens[i].id] : NULL;
        struct place p = {arc ? arc->to : d->tokens[i].id, t->loop, t->state};
        reach(f, p, (struct source){t->score, 0, i, arc ? arc->phone : 0});
    }
    for (uint32_t i = 0; i < f->n_nodes; i++)
        pass_on(d, f, i);
}

/* --- candidates -------------------------------------------------------------------------------------------------------------- */

/* Adds a candidate, or replaces a worse one in the same place. Where two are equal, the first stays. */
static void offer(struct decoder_free *f, const struct candidate *c) {
    uint32_t at = hash(c->place, c->is_node);
    for (; f->of_candidates.stamps[at] == f->of_candidates.stamp; at = (at + 1) & (N_SLOTS - 1)) {
        struct candidate *known = &f->candidates[f->of_candidates.slots[at]];
        if (known->is_node != c->is_node || !same_place(known->place, c->place))
            continue;
        if (c->score > known->score)
            *known = *c;
        return;
    }
    if (f->n_candidates == MOST_CANDIDATES)
        return;
    f->of_candidates.stamps[at] = f->of_candidates.stamp;
    f->of_candidates.slots[at] = f->n_candidates;
    f->candidates[f->n_candidates++] = *c;
}

/* What a token pays to the language model when it enters an arc of the tree, and the state after it. */
static int32_t charge(const struct decoder *d, struct place node, const struct graph_arc *arc, uint32_t *state) {
    const struct graph *g = d->graph;
    int32_t promised = node.id == g->tree_node ? 0 : g->least_q8[node.id - g->tree_node];
    int32_t penalty = arc->first ? d->options.free_word_penalty_q8 : 0;
    *state = node.state;
    if (arc->word == GRAPH_NO_WORD)
        return scaled(d, g->least_q8[arc->to - g->tree_node] - promised) + penalty;
    return scaled(d, graph_free_word(g, arc, node.state, state) - promised) + penalty;
}

static void enter_arcs(struct decoder *d, struct decoder_free *f, const struct node *n, int32_t *best) {
    const struct graph *g = d->graph;
    bool in_tree = n->place.id >= g->tree_node;
    /* At most this much was promised, and can be given back. */
    int32_t most_back = in_tree && n->place.id != g->tree_node ? scaled(d, g->least_q8[n->place.id - g->tree_node]) : 0;
    for (uint32_t a = g->first_arc[n->place.id]; a < g->first_arc[n->place.id + 1]; a++) {
        const struct graph_arc *arc = &g->arcs[a];
        struct source s = arc->phone != n->in1.phone ? n->in1 : n->in2;
        if (n->blank.score >= s.score)
            s = n->blank;
        int32_t gain = d->gain[arc->phone], least = *best - d->options.free_beam_q8;
        if (s.token == DECODER_NONE || s.score + gain + most_back < least)
            continue;
        struct candidate c = {.place = {a, n->place.loop, n->place.state}, .source = s.token};
        int32_t cost = in_tree ? charge(d, n->place, arc, &c.place.state) : 0;
        s = paying(s, cost);
        c.score = s.score + gain - (in_tree || !arc->first ? 0 : d->options.word_penalty_q8);
        c.lm_q8 = s.lm_q8;
        if (c.score < least)
            continue;
        *best = c.score > *best ? c.score : *best;
        offer(f, &c);
    }
}

/* Lists all candidates within the beam of the best so far; returns the best score. */
static int32_t expand(struct decoder *d, struct decoder_free *f) {
    int32_t best = DECODER_NO_SCORE;
    f->n_candidates = 0;
    table_clear(&f->of_candidates);
    for (uint32_t i = 0; i < f->n_nodes; i++) {
        const struct node *n = &f->nodes[i];
        struct source s = n->blank.score >= n->in1.score ? n->blank : n->in1;
        struct candidate c = {n->place, true, s.score + d->gain[0], s.lm_q8, s.token};
        if (c.score < best - d->options.free_beam_q8)
            continue;
        best = c.score > best ? c.score : best;
        offer(f, &c);
    }
    for (uint32_t i = 0; i < d->n_arcs; i++) {
        const struct decoder_token *t = &d->tokens[i].token;
        struct candidate c = {{d->tokens[i].id, t->loop, t->state}, false, 0, 0, i | DECODER_STAY};
        c.score = t->score + d->gain[d->graph->arcs[c.place.id].phone];
        if (c.score < best - d->options.free_beam_q8)
            continue;
        best = c.score > best ? c.score : best;
        offer(f, &c);
    }
    for (uint32_t i = 0; i < f->n_nodes; i++)
        enter_arcs(d, f, &f->nodes[i], &best);
    return best;
}

/* The lowest score to keep; see decoder.c. */
static int32_t cut(const struct decoder *d, const struct decoder_free *f, int32_t best) {
    if (f->n_candidates <= d->max_tokens)
        return best - d->options.free_beam_q8;
    struct decoder_histogram h = decoder_histogram_begin(best, d->options.free_beam_q8);
    for (uint32_t i = 0; i < f->n_candidates; i++)
        decoder_histogram_count(&h, f->candidates[i].score);
    return decoder_histogram_edge(&h, d->max_tokens);
}

/* --- the step ---------------------------------------------------------------------------------------------------------------- */

/* Makes a token from a candidate. Returns false if it cannot be. */
static bool make(struct decoder *d, const struct candidate *c, struct decoder_active *ret) {
    struct decoder_token *source = &d->tokens[c->source & ~DECODER_STAY].token, *t = &ret->token;
    const struct graph_arc *arc = c->is_node ? NULL : &d->graph->arcs[c->place.id];
    *ret = (struct decoder_active){c->place.id, *source};
    if (arc && !(c->source & DECODER_STAY)) {
        int32_t penalty = arc->first && !c->place.loop ? d->options.word_penalty_q8 : 0;
        int32_t start = source->score - c->lm_q8 - penalty;
        if (!decoder_enter(d, t, source, c->place.id))
            return false;
        t->start_score = start;
    }
    t->loop = c->place.loop;
    t->state = c->place.state;
    t->lm_q8 = source->lm_q8 + c->lm_q8;
    if (c->is_node) /* what the language model takes in a pause is no loss of sound */
        t->last_score -= c->lm_q8;
    t->score = c->score;
    if (arc) {
        t->entry = DECODER_NONE;
        t->last_score = c->score;
        t->last_step = d->step;
    }
    return true;
}

static void advance(struct decoder *d, struct decoder_free *f, int32_t least) {
    uint32_t n = 0;
    d->best = d->best_complete = DECODER_NONE;
    for (unsigned nodes = 0; nodes < 2; nodes++) {
        for (uint32_t i = 0; i < f->n_candidates && n < d->max_tokens; i++) {
            const struct candidate *c = &f->candidates[i];
            if (c->is_node != nodes || c->score < least || !make(d, c, &d->next_tokens[n]))
                continue;
            decoder_note_best(d, n++, nodes ? c->place.id : d->graph->arcs[c->place.id].to);
        }
        d->n_arcs = nodes ? d->n_arcs : n;
    }
    d->n_tokens = n;
    struct decoder_active *swap = d->tokens;
    d->tokens = d->next_tokens;
    d->next_tokens = swap;
}

void decoder_free_pass(struct decoder *d) {
    struct decoder_free *f = d->free;
    gather(d, f);
    advance(d, f, cut(d, f, expand(d, f)));
}
