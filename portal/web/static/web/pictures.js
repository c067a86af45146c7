/* A chart's SVG as a PNG, twice as fine as it is shown: drawn in the browser, for the server draws SVG alone. */
"use strict";
for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const picture = new Image();
    picture.src = button.dataset.png;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * picture.naturalWidth, 2 * picture.naturalHeight];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((file) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      const [version, chart] = [location.pathname.split("/").slice(2, -1), button.dataset.png.split(".")[0]];
      link.download = `steplabel-${[...version, chart].join("-")}.png`;
      link.click();
      URL.revokeObjectURL(link.href);
    }, "image/png");
  });
}
