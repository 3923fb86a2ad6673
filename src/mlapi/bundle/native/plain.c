/* Trees walked as they are: deep ones, and those whose tables would be too large. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

/* A child comes after its parent: so a walk ends, and one pass over the nodes knows every depth. */
static const char *check_node(const Plain *trees, size_t at)
{
    const Node *node = &trees->nodes[at];
    if (!node->child)
        return NULL;
    if (node->child <= at || node->child >= trees->n_nodes - 1)
        return "a child is out of range";
    if (node->column >= trees->forest.n_columns)
        return "a node tests a column out of range";
    if (node->first > trees->n_words || node->n_words > trees->n_words - node->first)
        return "a set of categories is out of range";
    return NULL;
}

/* The longest way from a node to a leaf, for every node; the last one first. */
static const char *measure(Plain *trees)
{
    uint32_t *heights = calloc(trees->n_nodes, sizeof *heights);
    if (!heights)
        return "memory is short";
    trees->depth = 0;
    for (size_t at = trees->n_nodes; at-- > 0;) {
        const uint32_t child = trees->nodes[at].child;
        if (child)
            heights[at] = 1 + (heights[child] > heights[child + 1] ? heights[child] : heights[child + 1]);
        if (trees->depth < heights[at])
            trees->depth = heights[at];
    }
    free(heights);
    return trees->depth > MAX_DEPTH ? "a tree is too deep" : NULL;
}

static const char *average(Plain *trees)
{
    double *means = calloc(trees->n_nodes, sizeof *means);
    if (!means)
        return "memory is short";
    for (size_t at = trees->n_nodes; at-- > 0;) {
        const uint32_t child = trees->nodes[at].child;
        means[at] = child ? means[child] * trees->shares[child] + means[child + 1] * trees->shares[child + 1]
                          : trees->nodes[at].condition;
    }
    for (size_t tree = 0; tree < trees->forest.n_trees; tree++)
        trees->means[tree] = means[trees->roots[tree]];
    free(means);
    return NULL;
}

const char *plain_check(Plain *trees)
{
    const char *fault = forest_check(&trees->forest);
    if (fault)
        return fault;
    for (size_t tree = 0; tree < trees->forest.n_trees; tree++)
        if (trees->roots[tree] >= trees->n_nodes)
            return "a root is out of range";
    for (size_t at = 0; at < trees->n_nodes; at++)
        if ((fault = check_node(trees, at)))
            return fault;
    return (fault = measure(trees)) ? fault : average(trees);
}

static inline float leaf_of(const Plain *trees, uint32_t at, const float *row)
{
    while (trees->nodes[at].child)
        at = trees->nodes[at].child + goes_right(trees, &trees->nodes[at], row);
    return trees->nodes[at].condition;
}

int plain_margin(const Plain *trees, const float *matrix, size_t n_rows, float *margin)
{
    const Forest *forest = &trees->forest;
    for (size_t i = 0; i < n_rows; i++, matrix += forest->n_columns, margin += forest->n_groups) {
        memcpy(margin, forest->base, forest->n_groups * sizeof *margin);
        for (size_t tree = 0; tree < forest->n_trees; tree++)
            margin[forest->groups[tree]] += leaf_of(trees, trees->roots[tree], matrix);
    }
    return 0;
}
