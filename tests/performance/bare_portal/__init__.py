"""The portal with one view more: what an insert of as many bytes costs in Django REST framework
when nothing is checked.
"""
