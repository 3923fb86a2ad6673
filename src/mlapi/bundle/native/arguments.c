/* What Python hands over, and what is made of it. */
#include "python.h"

#include <stdlib.h>
#include <string.h>

/* Take an array: a copy for free(), or, if `kept` is given and becomes a view, the items where they are. */
static int take_array(const Array *array, Py_buffer *kept)
{
    Py_buffer view;
    if (PyObject_GetBuffer(array->object, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return -1;
    const size_t bytes = (size_t)view.len, record_bytes = array->item_bytes * array->fields;
    const int fits = !strcmp(view.format, array->format) && bytes % record_bytes == 0 && bytes / record_bytes < UINT32_MAX;
    if (!fits)
        PyErr_Format(PyExc_ValueError, "an array is not of records of %zu %s", array->fields, array->format);
    else if (kept && view.readonly && bytes && (uintptr_t)view.buf % array->item_bytes == 0) {
        *array->items = view.buf;
        *array->count = bytes / record_bytes;
        *kept = view;
        return 0;
    } else if (!(*array->items = malloc(bytes ? bytes : 1)))
        PyErr_NoMemory();
    else
        memcpy(*array->items, view.buf, bytes);
    *array->count = bytes / record_bytes;
    PyBuffer_Release(&view);
    return *array->items ? 0 : -1;
}

int take_arrays(const Array *arrays, size_t n, Py_buffer *kept)
{
    for (size_t i = 0; i < n; i++)
        if (take_array(&arrays[i], kept ? &kept[i] : NULL))
            return -1;
    return 0;
}

PyObject *checked(PyObject *self, const char *fault)
{
    if (!fault)
        return self;
    PyErr_SetString(PyExc_ValueError, fault);
    Py_DECREF(self);
    return NULL;
}

PyObject *allocate(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return alloc(type, 0); /* all zero */
}

void release(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release_memory(self);
    Py_DECREF(type);
}

int open_views(Views *views, PyObject *const *args, Py_ssize_t n_args)
{
    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "a matrix and an array for the answer are needed");
        return -1;
    }
    if (PyObject_GetBuffer(args[0], &views->matrix, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return -1;
    if (PyObject_GetBuffer(args[1], &views->answer, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)) {
        PyBuffer_Release(&views->matrix);
        return -1;
    }
    return 0;
}

void close_views(Views *views)
{
    PyBuffer_Release(&views->matrix);
    PyBuffer_Release(&views->answer);
}

int views_fit(Views *views, const Forest *forest, const char *format, size_t item_bytes, size_t width)
{
    const Py_buffer *matrix = &views->matrix, *answer = &views->answer;
    if (strcmp(matrix->format, "f") || matrix->ndim != 2 || (size_t)matrix->shape[1] != forest->n_columns)
        return 0;
    views->n_rows = (size_t)matrix->shape[0];
    return !strcmp(answer->format, format) && (size_t)answer->len == views->n_rows * width * item_bytes;
}
