"""JCAMP-DX as spectrometers and archives write it: blocks, their headers, and curves out of their tables.

Formats: R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 42 (1988) 151-162 (JCAMP-DX 4.24). Nothing here knows what a
`Spectrum` is. A file is read line by line, once, in time linear in its length and in memory for one block, whatever it
holds; whatever is wrong with a block is said by its own `JcampError`, with the number of the line.
"""

from spektron.corpus.sources._jcamp.block import Block, Headers, JcampError
from spektron.corpus.sources._jcamp.blocks import read_blocks, read_stream
from spektron.corpus.sources._jcamp.positions import Curve, curve_of

__all__ = ["Block", "Curve", "Headers", "JcampError", "curve_of", "read_blocks", "read_stream"]
