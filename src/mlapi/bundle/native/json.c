/* Probabilities as JSON. */
#include "python.h"

#include <stdlib.h>
#include <string.h>

/* Write one number, by the given function where ours does not; its length, or 0 with an error set. */
static size_t spell(float number, PyObject *otherwise, char *text)
{
    size_t length = spell_probability(number, text);
    if (length)
        return length;
    PyObject *spelled = PyObject_CallFunction(otherwise, "f", number);
    char *bytes;
    Py_ssize_t size;
    if (spelled && !PyBytes_AsStringAndSize(spelled, &bytes, &size)) {
        if (size > 0 && size <= LONGEST_NUMBER)
            memcpy(text, bytes, length = (size_t)size);
        else
            PyErr_SetString(PyExc_ValueError, "a number is too long");
    }
    Py_XDECREF(spelled);
    return length;
}

/* One object a row; the keys are b'"name":'. Gives where it ends, or NULL with an error set. */
static char *write_rows(const Py_buffer *view, PyObject *keys, PyObject *otherwise, char *text)
{
    const Py_ssize_t n_classes = view->shape[1];
    const float *number = view->buf;
    for (Py_ssize_t row = 0; row < view->shape[0]; row++) {
        for (Py_ssize_t i = 0; i < n_classes; i++, number++) {
            PyObject *key = PyTuple_GetItem(keys, i);
            const Py_ssize_t size = PyBytes_Size(key);
            *text++ = i ? ',' : '{';
            memcpy(text, PyBytes_AsString(key), (size_t)size);
            text += size;
            const size_t length = spell(*number, otherwise, text);
            if (!length)
                return NULL;
            text += length;
        }
        *text++ = '}';
        *text++ = ',';
    }
    return text;
}

PyObject *json_rows(PyObject *module, PyObject *args)
{
    PyObject *given, *keys, *otherwise;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO!O", &given, &PyTuple_Type, &keys, &otherwise))
        return NULL;
    size_t row_bytes = 2;
    for (Py_ssize_t i = 0; i < PyTuple_Size(keys); i++) {
        const Py_ssize_t size = PyBytes_Size(PyTuple_GetItem(keys, i));
        if (size < 0)
            return NULL;
        row_bytes += (size_t)size + LONGEST_NUMBER + 1;
    }
    if (PyObject_GetBuffer(given, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return NULL;
    PyObject *json = NULL;
    char *text = NULL;
    if (strcmp(view.format, "f") || view.ndim != 2 || view.shape[0] < 1 || view.shape[1] < 1 ||
        view.shape[1] != PyTuple_Size(keys))
        PyErr_SetString(PyExc_ValueError, "the probabilities have another shape or dtype");
    else if (!(text = malloc((size_t)view.shape[0] * row_bytes + 1)))
        PyErr_NoMemory();
    else {
        *text = '[';
        char *end = write_rows(&view, keys, otherwise, text + 1);
        if (end) {
            end[-1] = ']'; /* in place of the last comma */
            json = PyBytes_FromStringAndSize(text, end - text);
        }
    }
    free(text);
    PyBuffer_Release(&view);
    return json;
}
