/* From margins to probabilities and labels. */
#include "python.h"

#include <string.h>

static int fill_probabilities(const Py_buffer *margin, const Py_buffer *answer)
{
    int fits = !strcmp(margin->format, "f") && margin->ndim == 2 && !strcmp(answer->format, "f") && answer->ndim == 2 &&
               margin->shape[0] == answer->shape[0] && margin->shape[1] > 0 &&
               answer->shape[1] == (margin->shape[1] == 1 ? 2 : margin->shape[1]);
    const size_t n_rows = fits ? (size_t)margin->shape[0] : 0;
    if (fits && margin->shape[1] == 1)
        sigmoid_pairs(margin->buf, n_rows, answer->buf);
    else if (fits)
        softmax_rows(margin->buf, n_rows, (size_t)margin->shape[1], answer->buf);
    else
        PyErr_SetString(PyExc_ValueError, "the margins or the answer have another shape or dtype");
    return fits ? 0 : -1;
}

PyObject *probabilities(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    const int failed = fill_probabilities(&views.matrix, &views.answer);
    close_views(&views);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* The number of the class that a row of n_classes probabilities is given: for two by the threshold, else the greatest. */
static Py_ssize_t chosen(const float *row, Py_ssize_t n_classes, float threshold)
{
    Py_ssize_t best = 0;
    if (n_classes == 2)
        return row[1] >= threshold;
    for (Py_ssize_t i = 1; i < n_classes; i++)
        best = row[i] > row[best] ? i : best;
    return best;
}

static PyObject *choose(const Py_buffer *view, PyObject *classes, float threshold)
{
    const Py_ssize_t n_classes = PyTuple_Size(classes);
    if (strcmp(view->format, "f") || view->ndim != 2 || view->shape[1] != n_classes || !n_classes) {
        PyErr_SetString(PyExc_ValueError, "the probabilities have another shape or dtype");
        return NULL;
    }
    PyObject *list = PyList_New(view->shape[0]);
    for (Py_ssize_t row = 0; list && row < view->shape[0]; row++) {
        const float *probabilities_of_row = (const float *)view->buf + row * n_classes;
        PyObject *label = PyTuple_GetItem(classes, chosen(probabilities_of_row, n_classes, threshold));
        PyList_SetItem(list, row, Py_NewRef(label)); /* cannot fail: the list is new and as long */
    }
    return list;
}

PyObject *labels(PyObject *module, PyObject *args)
{
    PyObject *given, *classes;
    float threshold;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO!f", &given, &PyTuple_Type, &classes, &threshold))
        return NULL;
    if (PyObject_GetBuffer(given, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return NULL;
    PyObject *list = choose(&view, classes, threshold);
    PyBuffer_Release(&view);
    return list;
}

/* What `probabilities` and `labels` do, in one call: one row costs what the calls cost. */
PyObject *decide(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    if (n_args != 4 || !PyTuple_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "margins, an array for the answer, a tuple of classes and a threshold are needed");
        return NULL;
    }
    const double threshold = PyFloat_AsDouble(args[3]);
    Views views;
    if (PyErr_Occurred() || open_views(&views, args, 2))
        return NULL;
    PyObject *list = fill_probabilities(&views.matrix, &views.answer) ? NULL : choose(&views.answer, args[2], (float)threshold);
    close_views(&views);
    return list;
}
