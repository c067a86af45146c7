"""What a meter uses when nothing is made, what a day should take, and the days that stand out (ISO
50006).
"""
