"""What is going on in a sweep, in a browser: optuna-dashboard on its study, TensorBoard on its trials."""
