/* Branch-free traversal of complete trees, LANES at a time. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#define CELLS_BYTES 65536  /* of the rows that are walked together: a part of an L2 cache, which the nodes are in too */

static const char *check_numeric(Padded *trees)
{
    for (size_t i = 0; i < trees->n_numeric; i++) {
        const Numeric *one = &trees->numeric[i];
        if (one->column >= trees->forest.n_columns)
            return "a numeric column is out of range";
        if (one->first > trees->n_splits || one->count > trees->n_splits - one->first)
            return "split values are out of range";
        if (one->count >= UINT16_MAX || one->slot > UINT16_MAX - 3)
            return "a column has too many split values or cells";
        if (trees->n_cells < one->slot + 4u)
            trees->n_cells = one->slot + 4u;
    }
    return NULL;
}

static const char *check_categorical(Padded *trees)
{
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        if (one->column >= trees->forest.n_columns)
            return "a categorical column is out of range";
        if (one->n_codes > 1 << 24 || one->slot > UINT16_MAX || one->n_cells > UINT16_MAX + 1u - one->slot)
            return "a column has too many codes or cells";
        if (one->first > trees->n_strips || (one->n_codes + UINT64_C(2)) * one->n_cells > trees->n_strips - one->first)
            return "strips are out of range";
        if (trees->n_cells < (size_t)one->slot + one->n_cells)
            trees->n_cells = (size_t)one->slot + one->n_cells;
    }
    return NULL;
}

static const char *check_blocks(const Padded *trees)
{
    const size_t n_trees = trees->forest.n_trees;
    size_t size = 0;
    if (trees->n_blocks != (n_trees + LANES - 1) / LANES)
        return "there are not as many depths as blocks of trees";
    for (size_t block = 0; block < trees->n_blocks; block++) {
        if (trees->depths[block] > MAX_PADDED)
            return "a tree is too deep";
        size += (size_t)LANES << trees->depths[block];
    }
    return size == trees->n_nodes && size == trees->n_leaves ? NULL : "nodes and leaves do not fit the depths";
}

const char *padded_check(Padded *trees)
{
    const char *fault;
    trees->n_cells = 2; /* what a word of padding looks at */
    if ((fault = forest_check(&trees->forest)) || (fault = check_numeric(trees)) ||
        (fault = check_categorical(trees)) || (fault = check_blocks(trees)))
        return fault;
    for (size_t i = 0; i < trees->n_nodes; i++)
        if ((trees->nodes[i] >> 16) + 1 >= trees->n_cells)
            return "a node tests a cell out of range";
    padded_slice(trees);
    return NULL;
}

static void put(uint8_t *cells, uint32_t number)
{
    cells[0] = (uint8_t)number;
    cells[1] = (uint8_t)(number >> 8);
}

/* The two bytes at a slot. A cell of a strip is the upper one, and is looked at with the bin 256: the lower one, which is
 * some other cell, then makes no difference. */
static inline uint16_t get(const uint8_t *cells)
{
    return (uint16_t)(cells[0] | cells[1] << 8);
}

static void quantise(const Padded *trees, const float *row, uint8_t *cells)
{
    for (size_t i = 0; i < trees->n_numeric; i++) {
        const Numeric *one = &trees->numeric[i];
        const float cell = row[one->column];
        const uint32_t bin = count_at_most(trees->splits + one->first, one->count, cell);
        put(cells + one->slot, bin);                                      /* missing is below every split value … */
        put(cells + one->slot + 2, cell != cell ? UINT16_MAX : bin);      /* … or above every one */
    }
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        const size_t strip = strip_of(one, row[one->column]);
        memcpy(cells + one->slot, trees->strips + one->first + strip * one->n_cells, one->n_cells);
    }
}

/* Walk the trees of one block for one row and add their leaves in the trees' order: float sums depend on it.
 * With a depth that the compiler knows everything is unrolled, which is worth a factor of two. */
static ALWAYS_INLINE void walk(const uint32_t *nodes, const float *leaves, const unsigned depth, const uint8_t *cells,
                               const uint32_t *groups, size_t n_trees, float *margin)
{
    size_t at[LANES];
    for (size_t lane = 0; lane < LANES; lane++)
        at[lane] = 1;
#pragma GCC unroll 10
    for (unsigned level = 0; level < depth; level++) {
#pragma GCC unroll 8
        for (size_t lane = 0; lane < LANES; lane++) {
            const uint32_t node = nodes[(lane << depth) + at[lane]];
            at[lane] = 2 * at[lane] + (get(cells + (node >> 16)) >= (uint16_t)node);
        }
    }
    leaves -= (size_t)1 << depth;
    if (groups) {
        for (size_t lane = 0; lane < n_trees; lane++)
            margin[groups[lane]] += leaves[(lane << depth) + at[lane]];
    } else { /* one sum, which need not go through memory for each tree */
        float sum = *margin;
        for (size_t lane = 0; lane < n_trees; lane++)
            sum += leaves[(lane << depth) + at[lane]];
        *margin = sum;
    }
}

static ALWAYS_INLINE void walk_block(const Padded *trees, size_t block, size_t start, const unsigned depth,
                                     const uint8_t *cells, size_t n_rows, float *margin)
{
    const Forest *forest = &trees->forest;
    const size_t first = block * LANES, left = forest->n_trees - first, n_trees = left < LANES ? left : LANES;
    for (size_t row = 0; row < n_rows; row++)
        walk(trees->nodes + start, trees->leaves + start, depth, cells + row * trees->n_cells,
             forest->n_groups == 1 ? NULL : forest->groups + first, n_trees, margin + row * forest->n_groups);
}

#define OF_DEPTH(depth)                                                         \
    case depth:                                                                 \
        walk_block(trees, block, start, depth, cells, n_rows, margin);          \
        break;

static void walk_rows(const Padded *trees, const uint8_t *cells, size_t n_rows, float *margin)
{
    size_t start = 0;
    for (size_t block = 0; block < trees->n_blocks; block++) {
        switch (trees->depths[block]) {
            OF_DEPTH(0) OF_DEPTH(1) OF_DEPTH(2) OF_DEPTH(3) OF_DEPTH(4) OF_DEPTH(5)
            OF_DEPTH(6) OF_DEPTH(7) OF_DEPTH(8) OF_DEPTH(9) OF_DEPTH(10)
        }
        start += (size_t)LANES << trees->depths[block];
    }
}

int padded_margin(const Padded *trees, const float *matrix, size_t n_rows, float *margin)
{
    const Forest *forest = &trees->forest;
    size_t done = 0;
    if (trees->tests && n_rows >= SLICED_ROWS && sliced_margin(trees, matrix, n_rows, margin, &done))
        return -1;
    const size_t fit = CELLS_BYTES / trees->n_cells, at_once = fit > n_rows ? n_rows : fit ? fit : 1;
    uint8_t *cells = calloc(at_once ? at_once : 1, trees->n_cells);
    if (!cells)
        return -1;
    for (size_t row = done; row < n_rows; row += at_once) {
        const size_t count = n_rows - row < at_once ? n_rows - row : at_once;
        float *sums = margin + row * forest->n_groups;
        for (size_t i = 0; i < count; i++) {
            quantise(trees, matrix + (row + i) * forest->n_columns, cells + i * trees->n_cells);
            memcpy(sums + i * forest->n_groups, forest->base, forest->n_groups * sizeof *sums);
        }
        walk_rows(trees, cells, count, sums);
    }
    free(cells);
    return 0;
}
