"""
Explain predictions with HiResCAM, Grad-CAM and occlusion
=========================================================

Use explanations to check that a network does not rely on the background or on
artefacts. HiResCAM and Grad-CAM use the features and gradients inside the network.
Occlusion covers parts of the image and predicts again, which works for any classifier
with probabilities. This example runs in about 20 seconds on two CPU cores.
"""

# %%
# Train a network
# ---------------
from fmnist_sk import CLASS_NAMES, FashionCNNClassifier, load_fashion_mnist_sample

X_train, y_train = load_fashion_mnist_sample(return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
model = FashionCNNClassifier(random_state=0).fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.1%}")

# %%
# HiResCAM
# --------
#
# :class:`~fmnist_sk.plotting.GradCAMDisplay` computes and draws the heat maps. HiResCAM
# multiplies each map of the last convolution with the gradients of the class's logit.
# Bright regions contribute to the predicted class. The maps have 7 × 7 pixels, so the
# heat maps are coarse.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import GradCAMDisplay

GradCAMDisplay.from_estimator(model, X_test[:12], display_labels=CLASS_NAMES)
plt.show()

# %%
# Bright regions outside a garment are not a mistake of the method. The network also
# uses the absence of features: an empty region beside a T-shirt distinguishes it from a
# pullover.
#
# Choose another class with `target`. The first row shows which regions of T-shirts
# contribute to "Shirt", and the second row which regions contribute to "T-shirt/top".
tops = X_test[y_test == 0][:4]
_, axes = plt.subplots(2, 1, figsize=(9.2, 2.8), layout="constrained")
for ax, target in zip(axes, (6, 0), strict=True):
    GradCAMDisplay.from_estimator(
        model, tops, target=target, display_labels=CLASS_NAMES, ax=ax
    )
plt.show()

# %%
# Grad-CAM
# --------
#
# Grad-CAM multiplies each map with the mean of its gradients. Its heat maps are
# smoother, but some are blank, and the display labels them. A blank map of Grad-CAM
# does not mean that nothing contributes to the class: the mean has lost the places of
# the contributions.
GradCAMDisplay.from_estimator(
    model, X_test[:12], method="gradcam", display_labels=CLASS_NAMES
)
plt.show()

# %%
# Occlusion
# ---------
#
# :func:`~fmnist_sk.inspection.occlusion_sensitivity` moves a patch of 7 × 7 pixels over
# the image and covers the image with black, which is the background of these images.
# Regions where the probability of the class falls are important.
from fmnist_sk.inspection import occlusion_sensitivity

images = X_test[:8]
sensitivity = occlusion_sensitivity(model, images, patch_size=7, fill_value=0)
names = [CLASS_NAMES[label] for label in model.predict(images)]
GradCAMDisplay(
    images=images.reshape(-1, 28, 28), heatmaps=sensitivity, titles=names
).plot()
plt.show()

# %%
# The same function explains a linear model in a pipeline:
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
