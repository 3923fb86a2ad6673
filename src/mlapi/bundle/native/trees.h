/* The two forms in which trees are walked, and what walks them. Nothing here knows Python.
 *
 * Every index that a walk follows is checked once, by padded_check and plain_check; after that no matrix, whatever its
 * floats, can lead outside an array. A NaN compares false with everything, which is what the comparisons below count on.
 */
#ifndef MLAPI_TREES_H
#define MLAPI_TREES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(MLAPI_PORTABLE)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

#define LANES 8         /* trees that are walked at once, so that their chains of loads overlap */
#define MAX_DEPTH 1024  /* structure.MAX_TREE_DEPTH */
#define MAX_PADDED 10   /* deeper trees waste more space in being padded than the walk gains */

/* What both forms share: margins a row begin with base, and each tree adds one leaf to the margin of its group. */
typedef struct {
    size_t n_columns, n_groups, n_trees;
    float *base;       /* (n_groups) */
    uint32_t *groups;  /* (n_trees) */
} Forest;

/* A row's cells are bytes. A column of numbers has four: its bin among its split values, in two copies of two bytes. */
typedef struct {
    uint32_t column, first, count, slot;  /* split values first … first + count; cells slot … slot + 4 */
} Numeric;

/* A strip of cells, each 0 or 1, for each code, then one for any other number and one for a missing cell. */
typedef struct {
    uint32_t column, first, n_codes, slot, n_cells;  /* strips[first + code * n_cells …]; cells slot … slot + n_cells */
} Categorical;

/* Complete trees over quantised cells. */
typedef struct {
    Forest forest;
    size_t n_cells, n_blocks, n_nodes, n_leaves, n_splits, n_numeric, n_categorical, n_strips;
    uint8_t *depths;          /* (n_blocks), of each LANES trees */
    uint32_t *nodes;          /* tree by tree: 2^depth words slot << 16 | bin in heap order from 1, the first unused;
                                 a node looks at the number that the cells slot and slot + 1 are, the lower byte first */
    float *leaves;            /* tree by tree: 2^depth */
    float *splits;            /* column by column, ascending */
    Numeric *numeric;
    Categorical *categorical;
    uint8_t *strips;
    uint16_t *tests;          /* (n_nodes), the number of each node's test; NULL where that would not pay */
    uint8_t *sets;            /* column by column: for each eight strips n_cells bytes, the strips in which a cell is set;
                                 NULL where many rows are walked one after another too */
    uint8_t *passed;          /* most_bins times 1, then as many times 0 */
    size_t n_tests, most_strips, most_bins;
    int by_test;              /* whether a row is walked by the answers to all tests, and not by its cells */
} Padded;

#define SLICED_ROWS 24  /* from here on many rows at once cost less than one after another */
#define MAX_SLICED 8    /* a deeper tree has many more tests to pick from than a row meets */

/* Trees as they are, node by node. A row's cells are four numbers a column, which a test compares without a branch: see
 * plain_walk.c. In brackets what the constructor is given, and plain_check makes the rest of. */
typedef struct {
    uint32_t child;      /* the left one, the right one follows it; at a leaf the leaf itself (0) */
    uint32_t slot;       /* of the cell: column · 4 + 2 where the test is on a set + 1 where missing goes right (column) */
    float condition;     /* less goes left; at a leaf its value */
    uint32_t first;      /* words[first … first + n_words]: a bit for each code that goes right */
    uint32_t n_words;    /* 0 where the test is on a number */
    uint32_t threshold;  /* a cell that is at least this goes right (whether missing goes left) */
} Node;

typedef struct {
    Forest forest;
    size_t n_nodes, n_words, n_used, depth;
    uint32_t *roots;     /* (n_trees) */
    Node *nodes;
    uint32_t *words;
    uint32_t *used;      /* (n_used), column · 2 + 1 for a set: what some node tests */
    double *shares;      /* (n_nodes), of the training rows in the parent, those that came here */
    double *means;       /* (n_trees), of the leaves, weighted with their shares */
} Plain;

/* Give NULL where every index is in range, else what is not. They also fill in n_cells, depth and means. plain_check ends with
 * plain_compile. */
const char *padded_check(Padded *trees);
const char *plain_check(Plain *trees);

/* Turn the nodes that plain_check has been through into what is walked; NULL, or that memory is short. */
const char *plain_compile(Plain *trees);

/* Number the tests and find out how rows are walked, which these numbers are for: see `tests`, `sets` and `by_test`. Where memory is
 * short or the tables are not of the usual form, there are none. */
void padded_number(Padded *trees);

/* What a row is walked by: n_cells bytes, or n_tests where the tests have numbers. */
void padded_quantise(const Padded *trees, const float *row, uint8_t *cells);
void padded_answer(const Padded *trees, const float *row, uint8_t *answers);

/* Margins of n_rows rows; 0, or -1 where memory is short. sliced_margin needs the tests, and leaves a few rows at the end. */
int sliced_margin(const Padded *trees, const float *matrix, size_t n_rows, float *margin, size_t *done);
int padded_margin(const Padded *trees, const float *matrix, size_t n_rows, float *margin);
int plain_margin(const Plain *trees, const float *matrix, size_t n_rows, float *margin);

/* What each column adds to each margin, and last the base: (n_rows, n_groups, n_columns + 1). */
int plain_contributions(const Plain *trees, const float *matrix, size_t n_rows, double *contributions);

/* How many of some ascending numbers are at most x; 0 for NaN. No branch depends on the numbers. */
static inline uint32_t count_at_most(const float *numbers, uint32_t n, float x)
{
    uint32_t at = 0;
    if (!n)
        return 0;
    for (; n > 1; n -= n / 2)
        at += numbers[at + n / 2 - 1] <= x ? n / 2 : 0;
    return at + (numbers[at] <= x);
}

/* How many bytes have a bit for each strip of a column. */
static inline size_t n_choices(const Categorical *one)
{
    return (one->n_codes + (size_t)2 + 7) / 8;
}

/* Which strip a categorical cell takes. */
static inline size_t strip_of(const Categorical *one, float cell)
{
    return cell >= 0.0f && cell < (float)one->n_codes ? (size_t)cell : one->n_codes + (cell != cell);
}

static inline const char *forest_check(const Forest *forest)
{
    for (size_t tree = 0; tree < forest->n_trees; tree++)
        if (forest->groups[tree] >= forest->n_groups)
            return "a tree's group is out of range";
    return NULL;
}

/* Which child a row goes to: 0 or 1 to be added to the left one. */
static inline uint32_t goes_right(const Plain *trees, const Node *node, const float *row)
{
    const float cell = row[node->slot / 4];
    if (cell != cell)
        return node->slot & 1;
    if (!node->n_words)
        return !(cell < node->condition);
    /* as `Decision` in xgboost/src/common/categorical.h: a code that is none, or beyond the set, goes left */
    if (!(cell >= 0.0f && cell < (float)(1 << 24)))
        return 0;
    const uint32_t code = (uint32_t)cell;
    return code / 32 < node->n_words && (trees->words[node->first + code / 32] >> (code % 32) & 1);
}

/* Probabilities (n_rows, 2) of margins (n_rows), or (n_rows, n_groups) of as many; `answer` may not be `margin`. */
void sigmoid_pairs(const float *margin, size_t n_rows, float *answer);
void softmax_rows(const float *margin, size_t n_rows, size_t n_groups, float *answer);

/* Write a number from 0 to 1 into LONGEST_NUMBER bytes; its length, or 0 for the few that need another way. */
#define LONGEST_NUMBER 24
size_t spell_probability(float number, char *text);

#endif
