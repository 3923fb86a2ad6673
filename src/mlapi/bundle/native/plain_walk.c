/* The walk over trees as they are, LANES chains at once: as many rows in one tree, or as many trees for one row.
 *
 * A step takes no branch on what it reads. So each row is first turned into cells, four unsigned numbers a column, two for
 * tests on numbers and two for tests on sets, of each two the one for nodes that send missing left and the one for right:
 *
 *   number   ordered as the floats are        missing  0 | UINT32_MAX
 *   set      the code, UNKNOWN for no code    missing  UNKNOWN | UINT32_MAX
 *
 * A row goes right where its cell is at least the node's threshold, or is a code in the node's set. The threshold of a set
 * is UINT32_MAX, so that it lets missing pass only; a test on a number has an empty set; and a leaf leads to itself, so that
 * a lane that has come to its leaf stays there until the others have too. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN (UINT32_MAX - 1)
#define CELLS_BYTES 65536 /* of the rows that go together through one tree after another, which stay in a near cache */

/* Ordered as the floats are, 0.0 and -0.0 as one; never 0, 1 or UINT32_MAX. */
static inline uint32_t ordered(float number)
{
    uint32_t bits;
    number += 0.0f;
    memcpy(&bits, &number, sizeof bits);
    return bits ^ (bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31);
}

const char *plain_compile(Plain *trees)
{
    const size_t n_columns = trees->forest.n_columns;
    uint8_t *seen = calloc(2 * n_columns + 1, 1);
    trees->used = malloc((2 * n_columns + 1) * sizeof *trees->used);
    if (!seen || !trees->used) {
        free(seen);
        return "memory is short";
    }
    for (size_t at = 0; at < trees->n_nodes; at++) {
        Node *node = &trees->nodes[at];
        const float condition = node->condition;
        const uint32_t is_set = node->n_words > 0, missing_right = !node->threshold;
        if (!node->child) {
            *node = (Node){(uint32_t)at, 0, condition, 0, 0, UINT32_MAX};
            continue;
        }
        const uint32_t kind = 2 * node->slot + is_set;
        node->slot = 2 * kind + missing_right;
        node->threshold = is_set ? UINT32_MAX : condition == condition ? ordered(condition) : 1;
        if (!is_set)
            node->first = 0;
        if (!seen[kind])
            trees->used[trees->n_used++] = kind;
        seen[kind] = 1;
    }
    free(seen);
    return NULL;
}

static void prepare(const Plain *trees, const float *row, uint32_t *cells)
{
    for (size_t i = 0; i < trees->n_used; i++) {
        const uint32_t kind = trees->used[i];
        const float cell = row[kind / 2];
        uint32_t *pair = cells + 2 * (size_t)kind;
        if (cell != cell) {
            pair[0] = kind & 1 ? UNKNOWN : 0;
            pair[1] = UINT32_MAX;
        } else if (kind & 1) {
            pair[0] = pair[1] = cell >= 0.0f && cell < (float)(1 << 24) ? (uint32_t)cell : UNKNOWN;
        } else {
            pair[0] = pair[1] = ordered(cell);
        }
    }
}

typedef struct {
    uint32_t at[LANES];
    const uint32_t *cells[LANES];
} Lanes;

static void walk(const Plain *trees, Lanes *lanes)
{
    const Node *nodes = trees->nodes;
    const uint32_t *words = trees->words;
    uint32_t moved;
    do {
        moved = 0;
#pragma GCC unroll 8
        for (size_t lane = 0; lane < LANES; lane++) {
            const Node *node = &nodes[lanes->at[lane]];
            const uint32_t cell = lanes->cells[lane][node->slot], word = cell / 32;
            const uint32_t known = -(uint32_t)(word < node->n_words);
            const uint32_t in_set = words[node->first + (word & known)] >> (cell % 32) & known & 1;
            const uint32_t next = node->child + (in_set | (cell >= node->threshold));
            moved |= next ^ lanes->at[lane];
            lanes->at[lane] = next;
        }
    } while (moved);
}

/* Add the leaf of one tree to the margins of LANES rows. */
static void walk_rows(const Plain *trees, size_t tree, const uint32_t *cells, size_t width, float *margin)
{
    const Forest *forest = &trees->forest;
    Lanes lanes;
    for (size_t lane = 0; lane < LANES; lane++) {
        lanes.at[lane] = trees->roots[tree];
        lanes.cells[lane] = cells + lane * width;
    }
    walk(trees, &lanes);
    for (size_t lane = 0; lane < LANES; lane++)
        margin[lane * forest->n_groups + forest->groups[tree]] += trees->nodes[lanes.at[lane]].condition;
}

/* Add the leaves of all trees to the margins of one row, in the trees' order: float sums depend on it. */
static void walk_trees(const Plain *trees, const uint32_t *cells, float *margin)
{
    const Forest *forest = &trees->forest;
    for (size_t first = 0; first < forest->n_trees; first += LANES) {
        const size_t left = forest->n_trees - first, n = left < LANES ? left : LANES;
        Lanes lanes;
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes.at[lane] = trees->roots[first + (lane < n ? lane : 0)];
            lanes.cells[lane] = cells;
        }
        walk(trees, &lanes);
        for (size_t lane = 0; lane < n; lane++)
            margin[forest->groups[first + lane]] += trees->nodes[lanes.at[lane]].condition;
    }
}

static void walk_together(const Plain *trees, const uint32_t *cells, size_t width, size_t n_rows, float *margin)
{
    const size_t n_groups = trees->forest.n_groups, whole = n_rows - n_rows % LANES;
    for (size_t tree = 0; whole && tree < trees->forest.n_trees; tree++)
        for (size_t row = 0; row < whole; row += LANES)
            walk_rows(trees, tree, cells + row * width, width, margin + row * n_groups);
    for (size_t row = whole; row < n_rows; row++)
        walk_trees(trees, cells + row * width, margin + row * n_groups);
}

int plain_margin(const Plain *trees, const float *matrix, size_t n_rows, float *margin)
{
    const Forest *forest = &trees->forest;
    const size_t width = 4 * (forest->n_columns ? forest->n_columns : 1);
    const size_t lanes = CELLS_BYTES / (width * sizeof(uint32_t) * LANES) * LANES;
    const size_t fit = lanes ? lanes : LANES, at_once = n_rows < fit ? n_rows : fit;
    uint32_t *cells = calloc(at_once ? at_once : 1, width * sizeof *cells);
    if (!cells)
        return -1;
    for (size_t first = 0; first < n_rows; first += at_once) {
        const size_t count = n_rows - first < at_once ? n_rows - first : at_once;
        float *sums = margin + first * forest->n_groups;
        for (size_t i = 0; i < count; i++) {
            prepare(trees, matrix + (first + i) * forest->n_columns, cells + i * width);
            memcpy(sums + i * forest->n_groups, forest->base, forest->n_groups * sizeof *sums);
        }
        walk_together(trees, cells, width, count, sums);
    }
    free(cells);
    return 0;
}
