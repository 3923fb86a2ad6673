/* Many rows at once: the answer to a test is a word with a bit for each row, and a tree picks from such words.
 *
 * Rows are taken ROWS at a time. First every distinct test of the forest is answered for all of them. Then each tree goes down
 * its levels: it picks for all rows at once, from the answers of a level, those that each row meets, by the ways that the rows
 * took above. That is work for every node of a tree, a few ands and ors for ROWS rows, and the same leaves in the same order.
 */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

/* Two words of 64 rows where the compiler has vectors: every x86-64 and every aarch64 works on them at once. */
#if defined(__GNUC__) && !defined(MLAPI_PORTABLE)
#define WORDS 2
typedef uint64_t Word __attribute__((vector_size(8 * WORDS), may_alias, aligned(8)));
#else
#define WORDS 1
typedef uint64_t Word;
#endif
#define ROWS (64 * WORDS)
#define CHOICE 8  /* strips that are looked up at once */

static inline void set_row(Word *word, size_t row)
{
    ((uint64_t *)word)[row / 64] |= (uint64_t)1 << row % 64;
}

/* Of eight rows, the first of them a multiple of eight. */
static inline uint64_t eight_rows(const Word *word, size_t row)
{
    return ((const uint64_t *)word)[row / 64] >> row % 64 & 0xff;
}

/* `count_at_most` for some cells, step by step for all of them, so that no search waits for its own last step. */
static void find_bins(const float *numbers, uint32_t n, const float *cells, size_t n_rows, uint32_t *bins)
{
    memset(bins, 0, n_rows * sizeof *bins);
    for (; n > 1; n -= n / 2)
        for (size_t row = 0; row < n_rows; row++)
            bins[row] += numbers[bins[row] + n / 2 - 1] <= cells[row] ? n / 2 : 0;
    for (size_t row = 0; row < n_rows; row++)
        bins[row] += numbers[bins[row]] <= cells[row];
}

/* Answer the tests of a column of numbers: a row with bin b passes those for the bins 1 to b. Missing passes none of the first
 * half, and all of the second. */
static void answer_numbers(const Padded *trees, const Numeric *one, const float *matrix, size_t n_rows, Word *answers)
{
    float cells[ROWS];
    uint32_t bins[ROWS];
    Word missing = {0}, passed = {0};
    for (size_t row = 0; row < n_rows; row++)
        cells[row] = matrix[row * trees->forest.n_columns + one->column];
    find_bins(trees->splits + one->first, one->count, cells, n_rows, bins);
    memset(answers, 0, one->count * sizeof *answers);
    for (size_t row = 0; row < n_rows; row++) {
        if (cells[row] != cells[row])
            set_row(&missing, row);
        if (bins[row])
            set_row(&answers[bins[row] - 1], row);
    }
    for (uint32_t bin = one->count; bin-- > 0;) {
        passed |= answers[bin];
        answers[bin] = passed;
        answers[one->count + bin] = passed | missing;
    }
}

/* Which rows take each strip of a column. */
static void group_rows(const Padded *trees, const Categorical *one, const float *matrix, size_t n_rows, Word *rows)
{
    memset(rows, 0, CHOICE * n_choices(one) * sizeof *rows);
    for (size_t row = 0; row < n_rows; row++)
        set_row(&rows[strip_of(one, matrix[row * trees->forest.n_columns + one->column])], row);
}

/* Answer the tests of a categorical column: a cell is set in the rows of the strips that it is set in. What each choice of
 * eight strips comes to is worked out once. */
static void answer_codes(const Categorical *one, const uint8_t *sets, const Word *rows, Word *answers)
{
    Word chosen[1 << CHOICE];
    memset(answers, 0, one->n_cells * sizeof *answers);
    for (size_t part = 0; part < n_choices(one); part++, rows += CHOICE, sets += one->n_cells) {
        memset(chosen, 0, sizeof *chosen);
        for (unsigned i = 0; i < CHOICE; i++)
            for (unsigned choice = 0; choice < 1u << i; choice++)
                chosen[(1u << i) + choice] = chosen[choice] | rows[i];
        for (uint32_t cell = 0; cell < one->n_cells; cell++)
            answers[cell] |= chosen[sets[cell]];
    }
}

/* In the order in which numbering.c numbers the tests. */
static void answer_tests(const Padded *trees, const float *matrix, size_t n_rows, Word *rows, Word *answers)
{
    const uint8_t *sets = trees->sets;
    memset(answers++, 0xff, sizeof *answers);
    for (size_t i = 0; i < trees->n_numeric; answers += 2 * trees->numeric[i].count, i++)
        answer_numbers(trees, &trees->numeric[i], matrix, n_rows, answers);
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        group_rows(trees, one, matrix, n_rows, rows);
        answer_codes(one, sets, rows, answers);
        answers += one->n_cells;
        sets += n_choices(one) * one->n_cells;
    }
}

/* Which way every row goes on each level of one tree; a bit is 1 to the right. */
static ALWAYS_INLINE void pick_ways(const uint16_t *tests, const unsigned depth, const Word *answers, Word *ways)
{
    Word met[1 << (MAX_SLICED - 1)];
#pragma GCC unroll 8
    for (unsigned level = 0; level < depth; level++) {
        const unsigned first = 1u << level;
        for (unsigned i = 0; i < first; i++)
            met[i] = answers[tests[first + i]];
#pragma GCC unroll 8
        for (unsigned above = level; above-- > 0;)
            for (unsigned i = 0; i < 1u << above; i++)
                met[i] = met[2 * i] ^ ((met[2 * i] ^ met[2 * i + 1]) & ways[above]);
        ways[level] = met[0];
    }
}

/* The eight bits of a byte as the lowest bits of eight bytes. */
static inline uint64_t spread(uint64_t byte)
{
    const uint64_t copies = byte * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return ((copies + UINT64_C(0x7f7f7f7f7f7f7f7f)) & UINT64_C(0x8080808080808080)) >> 7;
}

/* Add a tree's leaves to the sums of n_rows rows, and of whatever rows there are up to the next multiple of eight. */
static ALWAYS_INLINE void add_tree(const uint16_t *tests, const float *leaves, const unsigned depth, const Word *answers,
                                   size_t n_rows, float *sums)
{
    Word ways[MAX_SLICED];
    pick_ways(tests, depth, answers, ways);
    for (size_t row = 0; row < n_rows; row += 8) {
        uint64_t leaf = 0; /* of eight rows, a byte each */
#pragma GCC unroll 8
        for (unsigned level = 0; level < depth; level++)
            leaf |= spread(eight_rows(&ways[level], row)) << (depth - 1 - level);
#pragma GCC unroll 8
        for (unsigned i = 0; i < 8; i++)
            sums[row + i] += leaves[leaf >> 8 * i & 0xff];
    }
}

#define OF_DEPTH(d)                                                                                          \
    case d:                                                                                                  \
        for (size_t tree = first; tree < last; tree++, at += (size_t)1 << d)                                 \
            add_tree(trees->tests + at, trees->leaves + at, d, answers, n_rows, sums + groups[tree] * ROWS); \
        break;

static void add_trees(const Padded *trees, const Word *answers, size_t n_rows, float *sums)
{
    const uint32_t *groups = trees->forest.groups;
    size_t start = 0;
    for (size_t block = 0; block < trees->n_blocks; block++) {
        const size_t first = block * LANES, left = trees->forest.n_trees - first, last = first + (left < LANES ? left : LANES);
        size_t at = start;
        switch (trees->depths[block]) {
            OF_DEPTH(0) OF_DEPTH(1) OF_DEPTH(2) OF_DEPTH(3) OF_DEPTH(4) OF_DEPTH(5) OF_DEPTH(6) OF_DEPTH(7) OF_DEPTH(8)
        }
        start += (size_t)LANES << trees->depths[block];
    }
}

int sliced_margin(const Padded *trees, const float *matrix, size_t n_rows, float *margin, size_t *done)
{
    const Forest *forest = &trees->forest;
    Word *answers = malloc(trees->n_tests * sizeof *answers), *rows = malloc(trees->most_strips * sizeof *rows);
    float *sums = malloc((forest->n_groups * ROWS + 1) * sizeof *sums);
    const int failed = !answers || !rows || !sums;
    for (*done = 0; !failed && n_rows - *done >= SLICED_ROWS;) {
        const size_t count = n_rows - *done < ROWS ? n_rows - *done : ROWS;
        answer_tests(trees, matrix + *done * forest->n_columns, count, rows, answers);
        for (size_t i = 0; i < forest->n_groups * ROWS; i++)
            sums[i] = forest->base[i / ROWS];
        add_trees(trees, answers, count, sums);
        for (size_t i = 0; i < count * forest->n_groups; i++)
            margin[*done * forest->n_groups + i] = sums[i % forest->n_groups * ROWS + i / forest->n_groups];
        *done += count;
    }
    free(answers);
    free(rows);
    free(sums);
    return failed ? -1 : 0;
}
