"""Schema of `lab/`, an optional part of an atlas of images: an MLP, a sweep of sparse autoencoders, their weights.

h = relu(pixels / pixel_max · W_in + b_in), logits = h · W_out + b_out; for each run f = relu(h · W_enc + b_enc) and
ĥ = f · W_dec + b_dec. The images are the atlas's `images.npy`.
"""

from ne_core.atlas.schema import Array, Column

LAB_VERSION = 1
FOLDER = "lab"
FACTS = "lab.json"
TABLE = "runs.parquet"

LAB_ARRAYS = (
    Array("labels.npy", "int16", ("n_examples",), "the class of every image, as a number in `classes`"),
    Array("mlp_W_in.npy", "float32", ("d_pixels", "d_hidden"), "the MLP's first weights, on pixels / pixel_max"),
    Array("mlp_b_in.npy", "float32", ("d_hidden",), "their biases"),
    Array("mlp_W_out.npy", "float32", ("d_hidden", "n_classes"), "its second weights, on the hidden layer"),
    Array("mlp_b_out.npy", "float32", ("n_classes",), "their biases"),
    Array("W_enc.npy", "float16", ("n_runs", "d_hidden", "d_sae"), "encoder weights of every run"),
    Array("b_enc.npy", "float32", ("n_runs", "d_sae"), "their biases"),
    Array("W_dec.npy", "float16", ("n_runs", "d_sae", "d_hidden"), "decoder weights of every run"),
    Array("b_dec.npy", "float32", ("n_runs", "d_hidden"), "their biases"),
)

MEASURES = (
    Column("l0", "float64", "active latents per held-out input, mean"),
    Column("fvu", "float64", "fraction of variance unexplained, held out"),
    Column("mse", "float64", "mean squared error of the reconstruction, held out"),
    Column(
        "accuracy_lost",
        "float64",
        "accuracy that the classifier loses when it reads the reconstruction, held out, percentage points",
    ),
    Column("dead_share", "float64", "share of latents that no training input activates"),
    Column(
        "mean_distance",
        "float64",
        "mean cosine distance between neuron embeddings of a latent's examples, mean over latents",
    ),
    Column("max_distance", "float64", "largest such distance, mean over latents"),
    Column("n_features", "float64", "features at the cut, mean over latents"),
    Column("effective_inputs", "float64", "effective number of inputs that a latent reads, median over latents"),
    Column("effective_inputs_q25", "float64", "effective number of inputs that a latent reads, lower quartile"),
    Column("size", "float64", "training inputs that activate a latent, median over latents"),
)

RUNS = (
    Column("run", "int32", "number of the run, from 0; its row in the weights"),
    Column("seed", "int32", "seed of its initialisation and batches"),
    Column("lambda1", "float64", "weight of the L1 term"),
    Column("lambda2", "float64", "weight of the neuron-embedding term: 0 for a standard SAE"),
    *MEASURES,
)

LAB = {
    "lab_version": "version of this section",
    "neurons_atlas": "folder, beside this one, of the atlas of the MLP's hidden neurons",
    "pixel_max": "pixel value that is scaled to 1",
    "n_train": "number of training images, which come first; the others are the test set",
    "classes": "names of the classes",
    "cut": "cosine distance at which trees of latents are cut into features",
    "max_examples": "maximum activating images stored for a latent, the first ones",
    "data": "name and sha256 of the images, and other facts about them",
    "mlp": "training settings of the MLP, its accuracies and its hidden L0",
    "settings": "training settings of the sparse autoencoders",
    "shown": "runs shown by the atlas's layers: standard and ne",
    "identity": "measures of the dictionary of single inputs",
    "measures": "description of each measure, a line each",
}
