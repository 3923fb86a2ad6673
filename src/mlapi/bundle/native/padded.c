/* What every index in the tables of complete trees is checked by, once. */
#include "trees.h"

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
    unsigned all = 0;
    for (size_t i = 0; i < trees->n_strips; i++)
        all |= trees->strips[i];
    return all > 1 ? "a cell of a strip is neither 0 nor 1" : NULL;
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
    padded_number(trees);
    return NULL;
}
