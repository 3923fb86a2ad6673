/* Which test each node asks, by numbers that all walks by tests share, and which walk pays for a forest. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#define UPPER 256             /* quantising.UPPER: asks whether the upper one of two cells is set */
#define NONE UINT16_MAX       /* no test */
#define MOST_NODES (1 << 20)  /* the numbers of their tests take 2 bytes each, which no other process shares */
#define ROWS_OF_ALL 128       /* that share the work of answering all tests */
#define TESTS_OF_STEP 10      /* that are answered in the time by which a step is longer without */
#define TESTS_OF_COLUMN 48    /* that are answered in the time that a column of numbers takes beside its tests */

/* How many nodes a row meets. */
static size_t n_steps(const Padded *trees)
{
    size_t steps = 0;
    for (size_t block = 0; block < trees->n_blocks; block++)
        steps += LANES * (size_t)trees->depths[block];
    return steps;
}

/* Whether the tests of few rows are so many that walking row by row is less. A step of a walk costs as much as two lookups. */
static int is_too_much(const Padded *trees)
{
    size_t lookups = 0;
    for (size_t block = 0; block < trees->n_blocks; block++)
        if (trees->depths[block] > MAX_SLICED)
            return 1;
    for (size_t i = 0; i < trees->n_categorical; i++)
        lookups += n_choices(&trees->categorical[i]) * (256 + trees->categorical[i].n_cells);
    return lookups > ROWS_OF_ALL * n_steps(trees);
}

/* Give each cell the number of its first test, and how many more of them there are: one for each bin of a number. */
static int number_cells(Padded *trees, uint16_t *first, uint16_t *most)
{
    size_t tests = 1; /* 0 is passed by every row */
    for (size_t i = 0; i < trees->n_numeric; i++)
        for (uint32_t side = 0; side < 4; side += 2) {
            const Numeric *one = &trees->numeric[i];
            const size_t slot = one->slot + side;
            if (!one->count || first[slot] != NONE || first[slot + 1] != NONE || tests + one->count >= NONE)
                return -1; /* no test, a cell of two columns, or too many tests */
            first[slot] = (uint16_t)tests;
            first[slot + 1] = 0;
            most[slot] = (uint16_t)one->count;
            tests += one->count;
        }
    for (size_t i = 0; i < trees->n_categorical; i++)
        for (uint32_t cell = 0; cell < trees->categorical[i].n_cells; cell++) {
            const size_t slot = trees->categorical[i].slot + cell;
            if (first[slot] != NONE || tests + 1 >= NONE)
                return -1;
            first[slot] = (uint16_t)tests++;
        }
    trees->n_tests = tests;
    return 0;
}

/* The number of a node's test; NONE for one that tables of ours never have. */
static uint16_t test_of(const Padded *trees, uint32_t node, const uint16_t *first, const uint16_t *most)
{
    const uint32_t slot = node >> 16, bin = node & UINT16_MAX;
    if (!bin)
        return 0;
    if (most[slot])
        return bin <= most[slot] ? (uint16_t)(first[slot] + bin - 1) : NONE;
    return bin == UPPER && slot + 1 < trees->n_cells && !most[slot + 1] && first[slot + 1] ? first[slot + 1] : NONE;
}

static int number_tests(Padded *trees, uint16_t *first, uint16_t *most)
{
    memset(first, 0xff, trees->n_cells * sizeof *first); /* NONE */
    if (number_cells(trees, first, most))
        return -1;
    for (size_t i = 0; i < trees->n_nodes; i++)
        if ((trees->tests[i] = test_of(trees, trees->nodes[i], first, most)) == NONE)
            return -1;
    return 0;
}

static int make_sets(Padded *trees)
{
    size_t size = 1;
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const size_t parts = n_choices(&trees->categorical[i]);
        size += parts * trees->categorical[i].n_cells;
        trees->most_strips = trees->most_strips > 8 * parts ? trees->most_strips : 8 * parts;
    }
    uint8_t *sets = trees->sets = calloc(size, 1);
    for (size_t i = 0; sets && i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        const uint8_t *strips = trees->strips + one->first;
        for (size_t strip = 0; strip < one->n_codes + (size_t)2; strip++)
            for (uint32_t cell = 0; cell < one->n_cells; cell++)
                sets[strip / 8 * one->n_cells + cell] |= (uint8_t)(strips[strip * one->n_cells + cell] << strip % 8);
        sets += n_choices(one) * one->n_cells;
    }
    return trees->sets ? 0 : -1;
}

static int make_passed(Padded *trees)
{
    trees->most_bins = 1;
    for (size_t i = 0; i < trees->n_numeric; i++)
        if (trees->most_bins < trees->numeric[i].count)
            trees->most_bins = trees->numeric[i].count;
    trees->passed = calloc(2, trees->most_bins);
    if (trees->passed)
        memset(trees->passed, 1, trees->most_bins);
    return trees->passed ? 0 : -1;
}

/* Find out how each row is walked, and make what that needs. */
static int number(Padded *trees, uint16_t *first, uint16_t *most)
{
    if (number_tests(trees, first, most) || make_passed(trees))
        return -1;
    trees->by_test = trees->n_tests + TESTS_OF_COLUMN * trees->n_numeric <= TESTS_OF_STEP * n_steps(trees);
    return is_too_much(trees) ? !trees->by_test : make_sets(trees);
}

void padded_number(Padded *trees)
{
    if (trees->n_nodes > MOST_NODES)
        return;
    uint16_t *first = malloc(trees->n_cells * sizeof *first), *most = calloc(trees->n_cells, sizeof *most);
    trees->tests = malloc((trees->n_nodes + 1) * sizeof *trees->tests);
    trees->most_strips = 8;
    if (!first || !most || !trees->tests || number(trees, first, most)) {
        free(trees->tests);
        trees->tests = NULL;
        trees->by_test = 0;
    }
    free(first);
    free(most);
}
