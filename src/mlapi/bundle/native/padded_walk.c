/* Branch-free traversal of complete trees, LANES at a time. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#define CELLS_BYTES 65536  /* of the rows that are walked together: a part of an L2 cache, which the nodes are in too */
#define FEW_BYTES 8192     /* of the cells of a row or two, which need no memory of the heap */

/* The two bytes at a slot. A cell of a strip is the upper one, and is looked at with the bin 256: the lower one, which is
 * some other cell, then makes no difference. */
static inline uint16_t get(const uint8_t *cells)
{
    return (uint16_t)(cells[0] | cells[1] << 8);
}

/* LANES trees of one depth. */
typedef struct {
    const uint16_t *tests; /* used where rows are walked by test, else nodes */
    const uint32_t *nodes;
    const float *leaves;
    const uint32_t *groups; /* NULL where there is one sum */
    size_t n_trees;         /* that are none of padding */
} Block;

/* The places of a row's leaves, by the answers to the nodes' tests or else by a look at their cells. With a depth that the compiler
 * knows everything is unrolled, which is worth a factor of two. */
static ALWAYS_INLINE void find_leaves(Block block, const unsigned depth, const int by_test, const uint8_t *cells, size_t *at)
{
    for (size_t lane = 0; lane < LANES; lane++)
        at[lane] = 1;
#pragma GCC unroll 10
    for (unsigned level = 0; level < depth; level++) {
#pragma GCC unroll 8
        for (size_t lane = 0; lane < LANES; lane++) {
            const size_t place = (lane << depth) + at[lane];
            if (by_test)
                at[lane] = 2 * at[lane] + cells[block.tests[place]];
            else
                at[lane] = 2 * at[lane] + (get(cells + (block.nodes[place] >> 16)) >= (uint16_t)block.nodes[place]);
        }
    }
}

/* Walk the trees of a block for one row and add their leaves in the trees' order: float sums depend on it. */
static ALWAYS_INLINE void walk(Block block, const unsigned depth, const int by_test, const uint8_t *cells, float *margin)
{
    size_t at[LANES];
    const float *leaves = block.leaves - ((size_t)1 << depth);
    find_leaves(block, depth, by_test, cells, at);
    if (block.groups) {
        for (size_t lane = 0; lane < block.n_trees; lane++)
            margin[block.groups[lane]] += leaves[(lane << depth) + at[lane]];
        return;
    }
    float sum = *margin; /* one sum, which need not go through memory for each tree */
    for (size_t lane = 0; lane < block.n_trees; lane++)
        sum += leaves[(lane << depth) + at[lane]];
    *margin = sum;
}

#define OF_DEPTH(depth)                                                                                 \
    case depth:                                                                                         \
        for (size_t row = 0; row < n_rows; row++)                                                       \
            walk(block, depth, by_test, cells + row * width, margin + row * trees->forest.n_groups);    \
        break;

static ALWAYS_INLINE void walk_blocks(const Padded *trees, const int by_test, const uint8_t *cells, size_t n_rows,
                                      float *margin)
{
    const Forest *forest = &trees->forest;
    const size_t width = by_test ? trees->n_tests : trees->n_cells;
    Block block = {trees->tests, trees->nodes, trees->leaves, NULL, 0};
    for (size_t i = 0; i < trees->n_blocks; i++) {
        const size_t size = (size_t)LANES << trees->depths[i], first = LANES * i, left = forest->n_trees - first;
        block.groups = forest->n_groups == 1 ? NULL : forest->groups + first;
        block.n_trees = left < LANES ? left : LANES;
        switch (trees->depths[i]) {
            OF_DEPTH(0) OF_DEPTH(1) OF_DEPTH(2) OF_DEPTH(3) OF_DEPTH(4) OF_DEPTH(5)
            OF_DEPTH(6) OF_DEPTH(7) OF_DEPTH(8) OF_DEPTH(9) OF_DEPTH(10)
        }
        if (by_test)
            block.tests += size;
        else
            block.nodes += size;
        block.leaves += size;
    }
}

/* Walk some rows; `cells` has room for them. */
static void walk_rows(const Padded *trees, const float *matrix, size_t n_rows, uint8_t *cells, float *margin)
{
    const Forest *forest = &trees->forest;
    for (size_t row = 0; row < n_rows; row++) {
        memcpy(margin + row * forest->n_groups, forest->base, forest->n_groups * sizeof *margin);
        if (trees->by_test)
            padded_answer(trees, matrix + row * forest->n_columns, cells + row * trees->n_tests);
        else
            padded_quantise(trees, matrix + row * forest->n_columns, cells + row * trees->n_cells);
    }
    if (trees->by_test)
        walk_blocks(trees, 1, cells, n_rows, margin);
    else
        walk_blocks(trees, 0, cells, n_rows, margin);
}

int padded_margin(const Padded *trees, const float *matrix, size_t n_rows, float *margin)
{
    const Forest *forest = &trees->forest;
    size_t done = 0;
    if (trees->sets && n_rows >= SLICED_ROWS && sliced_margin(trees, matrix, n_rows, margin, &done))
        return -1;
    const size_t width = trees->by_test ? trees->n_tests : trees->n_cells, fit = CELLS_BYTES / width, left = n_rows - done;
    const size_t at_once = fit > left ? left : fit ? fit : 1;
    uint8_t few[FEW_BYTES], *cells = at_once * width <= sizeof few ? few : malloc(at_once * width);
    if (!cells)
        return -1;
    if (!trees->by_test)
        memset(cells, 0, at_once * width); /* a slot may be no column's */
    for (size_t row = done; row < n_rows; row += at_once) {
        const size_t count = n_rows - row < at_once ? n_rows - row : at_once;
        walk_rows(trees, matrix + row * forest->n_columns, count, cells, margin + row * forest->n_groups);
    }
    if (cells != few)
        free(cells);
    return 0;
}
