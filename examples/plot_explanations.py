"""
What a prediction rests on: Grad-CAM and occlusion
==================================================

A network that is right for the wrong reasons fails as soon as the reasons go away. Two
explanations point to the pixels a prediction rests on: Grad-CAM looks into the network,
occlusion covers parts of the image and asks again, which works for any classifier that
gives probabilities. This runs in about 20 seconds on two CPU cores.
"""

# %%
# A network, and some images
# --------------------------
from fmnist_sk import CLASS_NAMES, FashionCNNClassifier, load_fashion_mnist_sample

X_train, y_train = load_fashion_mnist_sample(return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
model = FashionCNNClassifier(random_state=0).fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.1%}")

# %%
# Grad-CAM
# --------
#
# The maps of the last convolution, each weighted by how much the class's logit grows
# with it. They have 7 × 7 pixels, so the picture is coarse. Bright places speak for the
# predicted class.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import GradCAMDisplay

GradCAMDisplay.from_estimator(model, X_test[:12], display_labels=CLASS_NAMES)
plt.show()

# %%
# `target` asks about another class: what speaks for "Shirt" in T-shirts, and what for
# "T-shirt/top"?
tops = X_test[y_test == 0][:4]
GradCAMDisplay.from_estimator(model, tops, target=6, display_labels=CLASS_NAMES)
GradCAMDisplay.from_estimator(model, tops, target=0, display_labels=CLASS_NAMES)
plt.show()

# %%
# Occlusion
# ---------
#
# A patch of 7 × 7 pixels is moved over the image and covers it with black, the ground
# of these images. Where the probability of the class falls, it mattered.
from fmnist_sk.inspection import occlusion_sensitivity

images = X_test[:8]
sensitivity = occlusion_sensitivity(model, images, patch_size=7, fill_value=0)
names = [CLASS_NAMES[label] for label in model.predict(images)]
GradCAMDisplay(
    images=images.reshape(-1, 28, 28), heatmaps=sensitivity, titles=names
).plot()
plt.show()

# %%
# The same for a classifier that knows nothing of images, in a pipeline:
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

linear = make_pipeline(MaxAbsScaler(), LogisticRegression(C=0.1, tol=0.01))
linear.fit(X_train, y_train)
print(f"accuracy {linear.score(X_test, y_test):.1%}")
sensitivity = occlusion_sensitivity(linear, images, patch_size=7, fill_value=0)
names = [CLASS_NAMES[label] for label in linear.predict(images)]
GradCAMDisplay(
    images=images.reshape(-1, 28, 28), heatmaps=sensitivity, titles=names
).plot()
plt.show()
