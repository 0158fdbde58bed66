// Lets somebody look at the password they choose: typing it twice blind helps nobody.

const show = document.querySelector('[data-part="show"]');
show.closest("label").hidden = false;
show.addEventListener("change", () => {
  for (const field of document.querySelectorAll('input[autocomplete$="-password"]')) field.type = show.checked ? "text" : "password";
});
