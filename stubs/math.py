"""Functions of numbers. Angles are in radians."""

def ceil(x, /):
    """The least integer that is not less.

    Args:
        x: An int or a float.

    Returns:
        An int.
    """
    pass

def floor(x, /):
    """The greatest integer that is not greater.

    Args:
        x: An int or a float.

    Returns:
        An int.
    """
    pass

def round(x, /):
    """The nearest integer, halves away from zero.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def fabs(x, /):
    """The absolute value.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def copysign(x, y, /):
    """The first number with the sign of the second.

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def mod(x, y, /):
    """The remainder of x / y, with the sign of x.

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def remainder(x, y, /):
    """The remainder of x / y by the nearest quotient (IEEE 754).

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def pow(x, y, /):
    """The power x to the y.

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def sqrt(x, /):
    """The square root.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def exp(x, /):
    """The power of e.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def log(x, base = None, /):
    """The logarithm.

    Args:
        x: An int or a float.
        base: Its base. Default: math.e.

    Returns:
        A float.
    """
    pass

def hypot(x, y, /):
    """The length of the vector (x, y).

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def degrees(x, /):
    """From radians to degrees.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def radians(x, /):
    """From degrees to radians.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def gamma(x, /):
    """The gamma function.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def sin(x, /):
    """Sine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def cos(x, /):
    """Cosine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def tan(x, /):
    """Tangent.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def asin(x, /):
    """Inverse sine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def acos(x, /):
    """Inverse cosine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def atan(x, /):
    """Inverse tangent.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def atan2(x, y, /):
    """The angle of the point (y, x).

    Args:
        x: An int or a float.
        y: An int or a float.

    Returns:
        A float.
    """
    pass

def sinh(x, /):
    """Hyperbolic sine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def cosh(x, /):
    """Hyperbolic cosine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def tanh(x, /):
    """Hyperbolic tangent.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def asinh(x, /):
    """Inverse hyperbolic sine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def acosh(x, /):
    """Inverse hyperbolic cosine.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

def atanh(x, /):
    """Inverse hyperbolic tangent.

    Args:
        x: An int or a float.

    Returns:
        A float.
    """
    pass

e = None
"""Euler's number."""

pi = None
"""The ratio of a circle's circumference to its diameter."""
