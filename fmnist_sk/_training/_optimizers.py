"""Optimizers by the names of the parameter `optimizer`."""

#: Name in Keras, constant learning rate and decoupled weight decay that suit each
#: optimizer, and further arguments.
OPTIMIZERS = {
    "adamw": {"name": "adamw", "learning_rate": 1e-3, "weight_decay": 0.05},
    "adam": {"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0},
    "nadam": {"name": "nadam", "learning_rate": 1e-3, "weight_decay": 0.0},
    "rmsprop": {"name": "rmsprop", "learning_rate": 1e-3, "weight_decay": 0.0},
    "lion": {"name": "lion", "learning_rate": 1e-4, "weight_decay": 0.2},
    "sgd": {"name": "sgd", "learning_rate": 3e-2, "weight_decay": 5e-4},
    "nesterov": {
        "name": "sgd",
        "learning_rate": 2e-2,
        "weight_decay": 5e-4,
        "momentum": 0.9,
        "nesterov": True,
    },
}
