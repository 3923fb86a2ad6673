"""A model from code, as MLflow's documentation has it where a flavour of its own does not fit.

The flavour for XGBoost does not: rows come as JSON, and text must become a category of the booster's.
"""

import mlflow
from table import answer, classifier, typed


class Predictor(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.model = classifier()

    def predict(self, context, model_input, params=None):
        return answer(self.model.predict_proba(typed(model_input)))


mlflow.models.set_model(Predictor())
