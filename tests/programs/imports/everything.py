from shop.old import *  # star
