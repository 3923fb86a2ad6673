/* mlapi.bundle._trees: the types Padded and Plain, and what is made of their margins. */
#include "python.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

static int add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    const int failed = !type || PyModule_AddObjectRef(module, name, type);
    Py_XDECREF(type);
    return failed ? -1 : 0;
}

static int execute(PyObject *module)
{
    return add_type(module, "Padded", &padded_spec) || add_type(module, "Plain", &plain_spec) ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, execute}, {0}};

static PyObject *trim(PyObject *module, PyObject *nothing)
{
#ifdef __GLIBC__
    Py_BEGIN_ALLOW_THREADS
    malloc_trim(0);
    Py_END_ALLOW_THREADS
#endif
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"json_rows", json_rows, METH_VARARGS,
     "Give probabilities (n_rows, n_classes) as JSON, an object a row; a function spells the numbers that C does not."},
    METHOD("probabilities", probabilities,
           "Fill a float32 array (n_rows, n_classes) with the probabilities of margins (n_rows, n_groups)."),
    METHOD("decide", decide, "Fill in the probabilities of margins, and give the labels: `probabilities`, then `labels`."),
    {"trim", trim, METH_NOARGS, "Give memory that is free back to the machine, where the C library can."},
    {"labels", labels, METH_VARARGS,
     "Give for each row of probabilities (n_rows, n_classes) one of the classes, a tuple; the threshold counts for two."},
    {0},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_trees", "Walks over trees in C.", 0, module_methods, module_slots};

PyMODINIT_FUNC PyInit__trees(void)
{
    return PyModuleDef_Init(&module);
}
