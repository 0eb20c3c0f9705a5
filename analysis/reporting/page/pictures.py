"""Pictures of a report, each checked so that a browser and Typst can draw it."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

_LARGEST = 50_000_000  # pixels, or bytes of a file
_UNITS = {"": 1, "px": 1, "pt": 4 / 3, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "pc": 16, "em": 16, "rem": 16}
_SIZE = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_LENGTH = re.compile(rf"\s*\+?({_SIZE})\s*([a-z]*)\s*", re.IGNORECASE)
_ORIENTATION = 0x0112  # of EXIF
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_OUTSIDE = re.compile(r"url\(\s*[\"']?\s*(?!#|data:)[^)]*\)|@import[^;]*;?", re.IGNORECASE)


class NotShownError(ValueError):
    """A picture that can't be shown; the message says why."""


@dataclass(frozen=True)
class Picture:
    """A picture. suffix: png, jpg or svg. width, height: in CSS pixels. note: what of it is not shown."""

    data: bytes
    suffix: str
    width: float
    height: float
    note: str = ""


def decoded(text: str) -> bytes:
    """Return the bytes of base64. Raises NotShownError if it is broken."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotShownError("its base64 is broken") from error


def located(address: str, folders: Iterable[Path]) -> bytes:
    """Return the content of a picture in a data address or in a file below one of the folders.

    Raises NotShownError for any other address: a report loads nothing from elsewhere.
    """
    if address.startswith("data:"):
        kind, _, content = address.partition(",")
        return decoded(unquote(content)) if kind.endswith(";base64") else unquote_to_bytes(content)
    if re.match(r"[a-zA-Z][\w+.-]*:|//", address):
        raise NotShownError("it is outside the report")
    name = unquote(re.split(r"[?#]", address, maxsplit=1)[0])
    for folder in folders:
        try:
            path = (folder / name).resolve()
            if any(path.is_relative_to(allowed.resolve()) for allowed in folders) and path.is_file():
                if path.stat().st_size > _LARGEST:
                    raise NotShownError(f"its file is larger than {_LARGEST // 1_000_000} MB")
                return path.read_bytes()
        except (OSError, ValueError) as error:
            raise error if isinstance(error, NotShownError) else NotShownError("its file can't be read") from error
    raise NotShownError("it is no file below the notebook's folder or the repository")


def checked(data: bytes) -> Picture:
    """Return a picture of any format that browsers show. Raises NotShownError if it can't be drawn."""
    return _drawing(data) if data.lstrip()[:1] == b"<" else _photograph(data)


def _photograph(data: bytes) -> Picture:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            width, height = image.size
            if width * height > _LARGEST:
                raise NotShownError(f"it has {width} × {height} pixels, more than {_LARGEST // 1_000_000} million")
            image.load()
            moves = image.format in ("GIF", "PNG", "TIFF", "WEBP") and getattr(image, "n_frames", 1) > 1
            note = "of a picture with several frames the first is shown" if moves else ""
            turned = image.getexif().get(_ORIENTATION, 1) != 1  # Typst does not turn it as browsers do
            if image.format in ("PNG", "JPEG") and not (moves or turned):
                return Picture(data, "png" if image.format == "PNG" else "jpg", width, height)
            image, out = ImageOps.exif_transpose(image), io.BytesIO()
            image.convert("RGBA").save(out, "png")
            return Picture(out.getvalue(), "png", *image.size, note)
    except NotShownError:
        raise
    except Exception as error:  # Pillow raises many kinds for broken files
        raise NotShownError("it is broken or of an unknown format") from error


def _drawing(data: bytes) -> Picture:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities="internal", no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotShownError("its SVG has an error") from error
    if etree.QName(root).localname != "svg" or etree.QName(root).namespace not in (None, _SVG):
        raise NotShownError("it is no SVG")
    if not etree.QName(root).namespace:  # browsers draw only elements of the namespace
        return _drawing(data.replace(b"<svg", b'<svg xmlns="' + _SVG.encode() + b'"', 1))
    missing = []
    for element in list(root.iter()):
        name = etree.QName(element).localname if isinstance(element.tag, str) else "entity"
        address = (element.get("href") or element.get(_XLINK) or "").strip()
        outside = name in ("image", "use", "feImage") and address and not address.startswith(("#", "data:image/"))
        if name in ("script", "foreignObject", "entity") or outside:
            missing.append("an image outside the report" if outside else f"<{name}>")
            if element.getparent() is not None:
                element.getparent().remove(element)
            continue
        if name == "style" and element.text:
            element.text = _OUTSIDE.sub("", element.text)
        for attribute, value in element.attrib.items():
            script = attribute.lower().startswith("on") or value.strip().lower().startswith(
                ("javascript:", "data:text")
            )
            if script or _OUTSIDE.search(value):
                del element.attrib[attribute]
    box = [float(n) for n in re.findall(rf"-?{_SIZE}", root.get("viewBox", ""), re.IGNORECASE)]
    natural = (box[2], box[3]) if len(box) == 4 else (300.0, 150.0)
    width, height = (_pixels(root.get(side, "")) for side in ("width", "height"))
    ratio = natural[0] / natural[1] if natural[1] else 2.0
    width, height = (
        width or (height * ratio if height else natural[0]),
        height or (width / ratio if width else natural[1]),
    )
    if not (0 < width < 1e5 and 0 < height < 1e5):
        raise NotShownError("its size is zero or unknown")
    if len(box) != 4:  # Typst would enlarge what is drawn to this size
        root.attrib.pop("viewBox", None)
        root.set("width", f"{width:g}")
        root.set("height", f"{height:g}")
    note = f"not shown in the drawing: {', '.join(dict.fromkeys(missing))}" if missing else ""
    return Picture(etree.tostring(root), "svg", width, height, note)


def _pixels(length: str) -> float:
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _UNITS.get(match[2].lower(), 0.0) if match else 0.0
