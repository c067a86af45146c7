"""What a gap is worth, and what helps against it: dated figures of law, published measures,
references of others.

Read `acts`, `border`, `outcomes`, `practices`. All of it is public; nothing here sees a label that
did not leave the site. Every figure names the act or the publication it stands in, when that was
published and how sure it is. Figures that nobody read in a source are not here.
"""
