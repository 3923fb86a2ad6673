/* The check of trees that are walked as they are: deep ones, and those whose tables would be too large. */
#include "trees.h"

#include <stdlib.h>

/* A child comes after its parent: so a walk ends, and one pass over the nodes knows every depth. */
static const char *check_node(const Plain *trees, size_t at)
{
    const Node *node = &trees->nodes[at];
    if (!node->child)
        return NULL;
    if (node->child <= at || node->child >= trees->n_nodes - 1)
        return "a child is out of range";
    if (node->slot >= trees->forest.n_columns)
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
    if (trees->forest.n_columns > UINT32_MAX / 4 || !trees->n_words)
        return "there are too many columns, or no words"; /* of which nodes without a set read the first, in vain */
    for (size_t tree = 0; tree < trees->forest.n_trees; tree++)
        if (trees->roots[tree] >= trees->n_nodes)
            return "a root is out of range";
    for (size_t at = 0; at < trees->n_nodes; at++)
        if ((fault = check_node(trees, at)))
            return fault;
    if ((fault = measure(trees)) || (fault = average(trees)))
        return fault;
    return plain_compile(trees);
}
