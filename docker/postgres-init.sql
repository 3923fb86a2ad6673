-- MLflow's records are in the database that the container makes; the prediction log has one of its own.
CREATE DATABASE predictions;
